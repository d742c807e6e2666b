// pgx: what it sees, one line each, for the test to hold two connections against each other.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

func say(name string, value any) { fmt.Printf("%s %v\n", name, value) }

func said(err error) any {
	var server *pgconn.PgError
	if errors.As(err, &server) {
		return []any{server.Code, server.Message, server.Position, server.Severity}
	}
	return err
}

func main() {
	ctx := context.Background()
	config, err := pgx.ParseConfig("sslmode=disable")
	if err != nil {
		panic(err)
	}
	config.Host, config.User, config.Password, config.Database = os.Args[1], os.Args[3], os.Args[4], os.Args[5]
	fmt.Sscan(os.Args[2], &config.Port)
	config.Fallbacks = nil
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol} {
		config.DefaultQueryExecMode = mode
		walk(ctx, config.Copy(), mode)
	}
}

func walk(ctx context.Context, config *pgx.ConnConfig, mode pgx.QueryExecMode) {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		panic(err)
	}
	defer conn.Close(ctx)
	say("mode", mode)
	for id := 1; id <= 3; id++ {
		var name string
		err = conn.QueryRow(ctx, "SELECT name FROM customers WHERE id = $1", id).Scan(&name)
		say("row", []any{name, err})
	}
	batch := &pgx.Batch{}
	for n := 0; n < 20; n++ {
		batch.Queue("SELECT $1::int + 1", n)
	}
	batch.Queue("SELECT 1/0")
	batch.Queue("SELECT 2")
	results := conn.SendBatch(ctx, batch)
	for n := 0; n < 20; n++ {
		var sum int
		err = results.QueryRow().Scan(&sum)
		say("batch", []any{sum, said(err)})
	}
	say("batch ends", said(results.Close()))
	_, err = conn.Exec(ctx, "CREATE TEMP TABLE copied (a int, b text)")
	say("create", said(err))
	count, err := conn.CopyFrom(ctx, pgx.Identifier{"copied"}, []string{"a", "b"}, pgx.CopyFromRows([][]any{{1, "x"}, {2, "y"}}))
	say("copy", []any{count, said(err)})
	for _, query := range []string{"SELEC 1", "SELECT nonesuch FROM customers", "SELECT 1/0"} {
		tag, err := conn.Exec(ctx, query)
		say("error", []any{tag, said(err)})
	}
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "INSERT INTO copied VALUES (3, 'z')"); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "SELECT 1/0")
		return err
	})
	say("transaction", said(err))
	var rows int
	say("count", []any{conn.QueryRow(ctx, "SELECT count(*) FROM copied").Scan(&rows), rows})
	short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	_, err = conn.Exec(short, "SELECT pg_sleep(30)")
	say("timeout", errors.Is(err, context.DeadlineExceeded))
}
