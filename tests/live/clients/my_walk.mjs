// mysql2: what it sees, one line each, for the test to hold two connections against each other.
import { readFileSync } from 'node:fs';
import mysql from 'mysql2/promise';

const [host, port, user, password, database, ca] = process.argv.slice(2);
const say = (name, value) => console.log(name, JSON.stringify(value));
for (const ssl of [undefined, { ca: readFileSync(ca) }]) {
  const options = { host, port: Number(port), user, password, database, ssl, multipleStatements: true };
  const connection = await mysql.createConnection(options);
  const failing = async (name, work) => {
    try { await work(); say(name, 'no error'); }
    catch (error) { say(name, [error.code, error.errno, error.sqlState, error.sqlMessage]); }
  };
  say('encrypted', Boolean(ssl));
  for (const how of ['query', 'execute']) {
    const [rows, fields] = await connection[how]('SELECT id, name, created_at FROM customers WHERE id = ?', [2]);
    say(how, [rows, fields.map((field) => [field.name, field.columnType, field.flags, field.table])]);
    for (let round = 1; round < 4; round++)
      say('again', (await connection[how]('SELECT name FROM products WHERE id = ?', [round]))[0]);
    const values = how === 'query' ? [1, 'größe', null, Buffer.from([0, 255]), '1.5'] : ['1', 'größe', null, Buffer.from([0, 255]), '1.5'];
    say('values', (await connection[how]({ sql: 'SELECT ?, ?, ?, ?, CAST(? AS DECIMAL(5, 2))', rowsAsArray: true }, values))[0]);
    await failing('syntax', () => connection[how]('SELEC 1'));
    await failing('column', () => connection[how]('SELECT nonesuch FROM customers'));
    await failing('duplicate', () => connection[how]('INSERT INTO numbers VALUES (1)'));
  }
  say('several', (await connection.query('SELECT 1 AS a; SET @a = 3; SELECT @a AS b'))[0]);
  await connection.beginTransaction();
  say('written', (await connection.execute('UPDATE customers SET name = ? WHERE id < ?', ['x', 4]))[0]);
  await connection.rollback();
  say('back', (await connection.query('SELECT name FROM customers WHERE id = 1'))[0]);
  await connection.ping();
  const statement = await connection.prepare('SELECT ? + 1 AS next');
  say('prepared', (await statement.execute([41]))[0]);
  await statement.close();
  await connection.changeUser({ user, password, database: 'hr' });
  say('changed', (await connection.query('SELECT DATABASE() AS d'))[0]);
  await connection.changeUser({ user, password, database });
  say('streamed', await new Promise((resolve, reject) => {
    let count = 0;
    connection.connection.query('SELECT * FROM order_items').stream().on('data', () => count++).on('end', () => resolve(count)).on('error', reject);
  }));
  await connection.query('CREATE TEMPORARY TABLE loaded (a INT, b TEXT)');
  const { Readable } = await import('node:stream');
  say('loaded', (await connection.query({
    sql: "LOAD DATA LOCAL INFILE 'anything' INTO TABLE loaded", infileStreamFactory: () => Readable.from([Buffer.from('1\tone\n'), Buffer.from('2\ttwo\n')]),
  }))[0]);
  say('rows', (await connection.query('SELECT * FROM loaded'))[0]);
  await connection.end();
}
const pool = mysql.createPool({ host, port: Number(port), user, password, database, connectionLimit: 4 });
const sums = await Promise.all([...Array(20).keys()].map((n) => pool.execute('SELECT ? * 2 AS d', [String(n)])));
say('pool', sums.map(([rows]) => rows[0].d));
await pool.end();
