// node-postgres: what it sees, one line each, for the test to hold two connections against each other.
import pg from 'pg';

const [host, port, user, password, database] = process.argv.slice(2);
const client = new pg.Client({ host, port: Number(port), user, password, database, ssl: false });
const say = (name, value) => console.log(name, JSON.stringify(value));
const failing = async (name, query) => {
  try { await client.query(query); say(name, 'no error'); }
  catch (error) { say(name, [error.code, error.message, error.position, error.severity]); }
};
client.on('notice', (notice) => say('notice', [notice.severity, notice.message]));
const heard = new Promise((resolve) => client.on('notification', (note) => resolve([note.channel, note.payload])));
await client.connect();
const rows = await client.query('SELECT id, name, created_at FROM customers WHERE id = ANY($1::bigint[]) ORDER BY id', [[1, 2, 3]]);
say('rows', [rows.rows, rows.fields.map((field) => [field.name, field.dataTypeID, field.dataTypeModifier]), rows.command]);
for (let round = 0; round < 3; round++)
  say('named', (await client.query({ name: 'by-id', text: 'SELECT name FROM products WHERE id = $1', values: [round + 1] })).rows);
say('several', (await client.query('SELECT 1 AS a; SELECT 2 AS b')).map((result) => result.rows));
await failing('syntax', 'SELEC 1');
await failing('column', 'SELECT nonesuch FROM customers');
await failing('division', { text: 'SELECT 1/$1::int', values: [0] });
await client.query('BEGIN');
await failing('in transaction', 'SELECT 1/0');
await failing('aborted', 'SELECT 1');
await client.query('ROLLBACK');
await client.query("DO $$ BEGIN RAISE NOTICE 'noticed'; END $$");
await client.query('LISTEN node_test');
await client.query("NOTIFY node_test, 'payload'");
say('notification', await heard);
say('types', (await client.query({ text: 'SELECT $1::jsonb, $2::numeric, $3::bytea, $4::text[]', values: [{ a: 1 }, '1.5', Buffer.from([0, 255]), ['x', null]], rowMode: 'array' })).rows);
await client.end();
