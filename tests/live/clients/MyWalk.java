// Connector/J and MariaDB's driver: what they see, one line each, for the test to hold two connections against each other. The
// calls of DatabaseMetaData and the queries at the end are those that DBeaver and DataGrip build their trees with.
import java.io.ByteArrayInputStream;
import java.math.BigDecimal;
import java.sql.*;
import java.util.Properties;

public class MyWalk {
    static final String[] DBEAVER = {
        "SELECT DATABASE()", "SELECT @@GLOBAL.character_set_server,@@GLOBAL.collation_server", "SHOW ENGINES", "SHOW CHARSET",
        "SHOW COLLATION", "SHOW PLUGINS", "SHOW VARIABLES LIKE 'lower_case_table_names'", "show databases",
        "SELECT TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES t WHERE t.TABLE_SCHEMA = 'information_schema' AND t.TABLE_NAME = 'CHECK_CONSTRAINTS'",
        "SELECT * FROM information_schema.SCHEMATA", "SHOW FULL TABLES FROM `shop`",
        "SELECT * FROM information_schema.COLUMNS WHERE TABLE_SCHEMA='shop' ORDER BY TABLE_NAME, ORDINAL_POSITION",
        "SELECT kc.CONSTRAINT_NAME,kc.TABLE_NAME,kc.COLUMN_NAME,kc.ORDINAL_POSITION FROM information_schema.KEY_COLUMN_USAGE kc"
            + " WHERE kc.TABLE_SCHEMA='shop' AND kc.REFERENCED_TABLE_NAME IS NULL ORDER BY kc.TABLE_NAME,kc.CONSTRAINT_NAME,kc.ORDINAL_POSITION",
        "SELECT INDEX_NAME, SEQ_IN_INDEX, COLUMN_NAME FROM information_schema.STATISTICS s WHERE s.TABLE_SCHEMA='shop' ORDER BY 1, 2, 3",
        "SELECT * FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA='shop' ORDER BY ROUTINE_NAME",
        "SHOW CREATE TABLE shop.orders", "SHOW FULL COLUMNS FROM shop.orders", "SHOW TRIGGERS FROM shop", "SHOW EVENTS FROM shop",
        "SELECT * FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA='shop' AND TABLE_NAME='orders'",
        "SELECT User, Host FROM mysql.user ORDER BY 1, 2", "SHOW GRANTS", "SHOW PRIVILEGES", "SHOW WARNINGS",
        "EXPLAIN EXTENDED SELECT * FROM orders", "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
        "SET SESSION net_write_timeout = 600", "SET SQL_SELECT_LIMIT=200", "SELECT * FROM orders ORDER BY id", "SET SQL_SELECT_LIMIT=DEFAULT",
        "SELECT @@session.auto_increment_increment AS a, @@character_set_client AS b, @@tx_isolation AS c, @@sql_mode AS d",
    };

    static void say(String name, Object value) { System.out.println(name + " " + value); }

    static String all(ResultSet rows) throws SQLException {
        var text = new StringBuilder();
        var columns = rows.getMetaData().getColumnCount();
        for (int i = 1; i <= columns; i++)
            text.append(rows.getMetaData().getColumnName(i)).append(':').append(rows.getMetaData().getColumnTypeName(i)).append(' ');
        while (rows.next()) {
            text.append("| ");
            for (int i = 1; i <= columns; i++) text.append(rows.getString(i)).append(' ');
        }
        return text.toString().replace("\n", "\\n");
    }

    interface Work { void run() throws Exception; }

    static void failing(String name, Work work) throws Exception {
        try { work.run(); say(name, "no error"); }
        catch (SQLException error) {
            say(name, error.getSQLState() + " " + error.getErrorCode() + " " + error.getMessage().replaceAll("conn=\\d+", "conn"));
        }
    }

    // host port user password database scheme options...
    public static void main(String[] a) throws Exception {
        for (int i = 6; i < a.length; i++) {
            var properties = new Properties();
            properties.setProperty("user", a[2]);
            properties.setProperty("password", a[3]);
            say("mode", a[i]);
            try (var connection = DriverManager.getConnection("jdbc:" + a[5] + "://" + a[0] + ":" + a[1] + "/" + a[4] + "?" + a[i], properties)) {
                walk(connection);
            }
        }
    }

    static void walk(Connection connection) throws Exception {
        var meta = connection.getMetaData();
        say("server", meta.getDatabaseProductName() + meta.getDatabaseProductVersion() + meta.getSQLKeywords());
        say("catalogs", all(meta.getCatalogs()));
        say("tables", all(meta.getTables("shop", null, "%", null)));
        say("columns", all(meta.getColumns("shop", null, "%", "%")));
        say("keys", all(meta.getPrimaryKeys("shop", null, "customers")));
        say("imported", all(meta.getImportedKeys("shop", null, "orders")));
        say("exported", all(meta.getExportedKeys("shop", null, "customers")));
        say("indexes", all(meta.getIndexInfo("shop", null, "orders", false, true)));
        say("procedures", all(meta.getProcedures("shop", null, "%")));
        say("functions", all(meta.getFunctions("shop", null, "%")));
        say("procedure columns", all(meta.getProcedureColumns("shop", null, "%", "%")));
        say("privileges", all(meta.getTablePrivileges("shop", null, "customers")));
        say("best row", all(meta.getBestRowIdentifier("shop", null, "customers", DatabaseMetaData.bestRowSession, true)));
        say("types", all(meta.getTypeInfo()).length() > 500);
        try (var query = connection.prepareStatement("SELECT id, name, newsletter, created_at FROM customers WHERE id = ?")) {
            for (int i = 1; i <= 4; i++) { query.setLong(1, i); say("row", all(query.executeQuery())); }
            query.setString(1, "3");
            say("bound anew", all(query.executeQuery()));
        }
        try (var query = connection.prepareStatement("SELECT ?, ?, ?, ?, ?, ?, ?, LENGTH(?)")) {
            query.setBigDecimal(1, new BigDecimal("12.50")); query.setDouble(2, -1.5); query.setString(3, "größe ' \\ \"");
            query.setBytes(4, new byte[] {0, 65, 66}); query.setNull(5, Types.VARCHAR); query.setBoolean(6, true);
            query.setTimestamp(7, Timestamp.valueOf("2026-01-02 03:04:05.678"));
            query.setBinaryStream(8, new ByteArrayInputStream(new byte[300_000]));
            say("values", all(query.executeQuery()));
        }
        connection.setAutoCommit(false);
        try (var query = connection.createStatement()) {
            query.setFetchSize(100);
            var rows = query.executeQuery("SELECT id FROM customers ORDER BY id");
            long sum = 0;
            while (rows.next()) sum += rows.getLong(1);
            say("fetched", sum);
        }
        try (var query = connection.prepareStatement("SELECT id FROM customers ORDER BY id", ResultSet.TYPE_FORWARD_ONLY, ResultSet.CONCUR_READ_ONLY)) {
            query.setFetchSize(50);
            var rows = query.executeQuery();
            long sum = 0;
            for (int n = 0; n < 120 && rows.next(); n++) sum += rows.getLong(1);
            say("fetched from a cursor", sum);
        }
        try (var update = connection.prepareStatement("INSERT INTO numbers (n) VALUES (?)", Statement.RETURN_GENERATED_KEYS)) {
            for (int n = 0; n < 200; n++) { update.setInt(1, 100_000 + n); update.addBatch(); }
            say("batch", update.executeBatch().length);
        }
        failing("duplicate", () -> connection.createStatement().execute("INSERT INTO numbers (n) VALUES (100000)"));
        failing("syntax", () -> connection.createStatement().execute("SELEC 1"));
        failing("missing", () -> connection.prepareStatement("SELECT * FROM nonesuch").executeQuery());
        var point = connection.setSavepoint("a");
        say("deleted", connection.createStatement().executeUpdate("DELETE FROM numbers WHERE n > 100100"));
        connection.rollback(point);
        connection.rollback();
        connection.setAutoCommit(true);
        connection.setReadOnly(true);
        failing("read only", () -> connection.createStatement().execute("DELETE FROM numbers WHERE n = 1"));
        connection.setReadOnly(false);
        connection.setCatalog("hr");
        say("catalog", connection.getCatalog());
        connection.setCatalog("shop");
        say("alive", connection.isValid(5));
        failing("interrupted", () -> {
            try (var query = connection.createStatement()) { query.setQueryTimeout(1); query.execute("SELECT SLEEP(20) FROM customers"); }
        });
        try (var query = connection.createStatement()) {
            var more = query.execute("SELECT 1; SELECT 2; SELECT 3");
            while (more) { say("several", all(query.getResultSet())); more = query.getMoreResults(); }
        }
        try (var query = connection.createStatement()) {
            for (var text : DBEAVER) {
                try { say(text, query.execute(text) ? all(query.getResultSet()) : "done"); }
                catch (SQLException error) { say(text, error.getErrorCode() + " " + error.getMessage()); }
            }
        }
        try (var call = connection.prepareCall("{? = call order_total(?)}")) {
            call.registerOutParameter(1, Types.DECIMAL); call.setLong(2, 1);
            call.execute();
            say("called", call.getBigDecimal(1));
        }
    }
}
