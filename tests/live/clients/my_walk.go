// go-sql-driver: what it sees, one line each, for the test to hold two connections against each other.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

func say(name string, value any) { fmt.Printf("%s %v\n", name, value) }

func said(err error) any {
	var server *mysql.MySQLError
	if errors.As(err, &server) {
		return []any{server.Number, string(server.SQLState[:]), server.Message}
	}
	return err
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func rows(db *sql.DB, query string, arguments ...any) {
	found, err := db.Query(query, arguments...)
	if err != nil {
		say(query, said(err))
		return
	}
	defer found.Close()
	for more := true; more; more = found.NextResultSet() {
		names, _ := found.Columns()
		types, _ := found.ColumnTypes()
		for n, name := range names {
			say("column", []any{name, types[n].DatabaseTypeName()})
		}
		for found.Next() {
			values, into := make([]any, len(names)), make([]any, len(names))
			for n := range values {
				into[n] = &values[n]
			}
			must(found.Scan(into...))
			say("row", fmt.Sprintf("%q", values))
		}
	}
	say("end", said(found.Err()))
}

func main() {
	pem, err := os.ReadFile(os.Args[6])
	must(err)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	must(mysql.RegisterTLSConfig("ours", &tls.Config{RootCAs: pool, ServerName: "localhost"}))
	mysql.RegisterReaderHandler("lines", func() io.Reader { return strings.NewReader("1\tone\n2\ttwo\n") })
	for _, encrypted := range []string{"false", "ours"} {
		for _, interpolate := range []bool{false, true} {
			config := mysql.NewConfig()
			config.User, config.Passwd, config.DBName = os.Args[3], os.Args[4], os.Args[5]
			config.Net, config.Addr = "tcp", os.Args[1]+":"+os.Args[2]
			config.TLSConfig, config.InterpolateParams, config.ParseTime, config.MultiStatements = encrypted, interpolate, true, true
			walk(config)
		}
	}
}

func walk(config *mysql.Config) {
	say("mode", []any{config.TLSConfig, config.InterpolateParams})
	connector, err := mysql.NewConnector(config)
	must(err)
	db := sql.OpenDB(connector)
	defer db.Close()
	db.SetMaxOpenConns(1)
	must(db.Ping())
	for id := 1; id <= 3; id++ {
		rows(db, "SELECT id, name, created_at FROM customers WHERE id = ?", id)
	}
	rows(db, "SELECT ?, ?, ?, ?, ?", int64(1)<<40, 1.5, "größe ' \\", []byte{0, 255}, nil)
	rows(db, "SELECT * FROM nonesuch")
	rows(db, "SELEC 1")
	rows(db, "SELECT 1; SELECT 2, 3; SELECT * FROM categories")
	statement, err := db.Prepare("SELECT name FROM products WHERE id = ?")
	must(err)
	for id := 1; id <= 3; id++ {
		var name string
		must(statement.QueryRow(id).Scan(&name))
		say("prepared", name)
	}
	statement.Close()
	tx, err := db.BeginTx(context.Background(), &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	must(err)
	result, err := tx.Exec("UPDATE customers SET name = ? WHERE id < ?", "x", 5)
	must(err)
	affected, _ := result.RowsAffected()
	say("written", affected)
	must(tx.Rollback())
	rows(db, "SELECT name FROM customers WHERE id = 1")
	_, err = db.Exec("INSERT INTO numbers VALUES (?)", 1)
	say("duplicate", said(err))
	_, err = db.Exec("CREATE TEMPORARY TABLE loaded (a INT, b TEXT)")
	must(err)
	_, err = db.Exec("LOAD DATA LOCAL INFILE 'Reader::lines' INTO TABLE loaded")
	must(err)
	rows(db, "SELECT * FROM loaded")
	var size int
	must(db.QueryRow("SELECT LENGTH(?)", strings.Repeat("x", 1_000_000)).Scan(&size))
	say("large", size)
	short, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	_, err = db.ExecContext(short, "SELECT SLEEP(5)")
	say("timeout", errors.Is(err, context.DeadlineExceeded))
	rows(db, "SELECT 'after'")
}
