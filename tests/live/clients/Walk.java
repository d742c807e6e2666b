// pgJDBC: what it sees, one line each, for the test to hold two connections against each other. The calls of DatabaseMetaData are
// those that DBeaver and DataGrip build their trees with.
import java.io.StringReader;
import java.sql.*;
import java.util.Properties;
import org.postgresql.PGConnection;

public class Walk {
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
        return text.toString();
    }

    interface Work { void run() throws Exception; }

    static void failing(String name, Work work) throws Exception {
        try { work.run(); say(name, "no error"); }
        catch (SQLException error) { say(name, error.getSQLState() + " " + error.getMessage()); }
    }

    public static void main(String[] a) throws Exception {
        for (var mode : new String[] {"extended", "extendedForPrepared", "extendedCacheEverything", "simple"}) {
            var properties = new Properties();
            properties.setProperty("user", a[2]);
            properties.setProperty("password", a[3]);
            properties.setProperty("sslmode", "disable");
            properties.setProperty("preferQueryMode", mode);
            properties.setProperty("ApplicationName", "DBeaver - Main");
            var url = "jdbc:postgresql://" + a[0] + ":" + a[1] + "/" + a[4].replace("/", "%2F");
            try (var connection = DriverManager.getConnection(url, properties)) { walk(connection, mode); }
        }
    }

    static void walk(Connection connection, String mode) throws Exception {
        say("mode", mode);
        var meta = connection.getMetaData();
        say("server", meta.getDatabaseProductVersion() + " " + meta.getMaxTableNameLength() + " " + meta.getSQLKeywords());
        say("catalogs", all(meta.getCatalogs()));
        say("schemas", all(meta.getSchemas()));
        say("types of tables", all(meta.getTableTypes()));
        say("tables", all(meta.getTables(null, "%", "%", null)));
        say("columns", all(meta.getColumns(null, "public", "%", "%")));
        say("keys", all(meta.getPrimaryKeys(null, "public", "customers")));
        say("imported", all(meta.getImportedKeys(null, "public", "orders")));
        say("exported", all(meta.getExportedKeys(null, "public", "customers")));
        say("indexes", all(meta.getIndexInfo(null, "public", "orders", false, true)));
        say("functions", all(meta.getFunctions(null, "public", "%")));
        say("procedures", all(meta.getProcedures(null, "public", "%")));
        say("function columns", all(meta.getFunctionColumns(null, "public", "%", "%")));
        say("privileges", all(meta.getTablePrivileges(null, "public", "customers")));
        say("column privileges", all(meta.getColumnPrivileges(null, "public", "customers", "%")));
        say("best row", all(meta.getBestRowIdentifier(null, "public", "customers", DatabaseMetaData.bestRowSession, true)));
        say("types", all(meta.getTypeInfo()).length() > 1000);
        say("user types", all(meta.getUDTs(null, "public", "%", null)));
        try (var query = connection.prepareStatement("SELECT id, name, newsletter, created_at FROM customers WHERE id = ?")) {
            for (int i = 1; i <= 8; i++) { query.setLong(1, i); say("row", all(query.executeQuery())); }
        }
        connection.setAutoCommit(false);
        try (var query = connection.createStatement()) {
            query.setFetchSize(100);
            var rows = query.executeQuery("SELECT id FROM customers ORDER BY id");
            long sum = 0;
            while (rows.next()) sum += rows.getLong(1);
            say("fetched", sum);
        }
        failing("division", () -> connection.createStatement().execute("SELECT 1/0"));
        failing("aborted", () -> connection.createStatement().execute("SELECT 1"));
        connection.rollback();
        var point = connection.setSavepoint();
        failing("syntax", () -> connection.createStatement().execute("SELEC 1"));
        connection.rollback(point);
        try (var work = connection.createStatement()) { work.execute("CREATE TEMP TABLE copied (a int, b text)"); }
        try (var insert = connection.prepareStatement("INSERT INTO copied VALUES (?, ?)")) {
            for (int i = 0; i < 50; i++) { insert.setInt(1, i); insert.setString(2, "row " + i); insert.addBatch(); }
            say("batch", insert.executeBatch().length);
        }
        if (!mode.equals("none"))
            say("copied", connection.unwrap(PGConnection.class).getCopyAPI().copyIn("COPY copied FROM STDIN", new StringReader("1\tx\n2\ty\n")));
        connection.commit();
        connection.setAutoCommit(true);
        try (var slow = connection.createStatement()) {
            slow.setQueryTimeout(1);
            failing("timeout", () -> slow.execute("SELECT pg_sleep(30)"));
        }
        say("valid", connection.isValid(5));
        connection.setNetworkTimeout(Runnable::run, 20000);
        try (var work = connection.createStatement()) { work.execute("DO $$ BEGIN RAISE WARNING 'warned'; END $$"); say("warning", work.getWarnings()); }
        try (var work = connection.createStatement()) { work.execute("DROP TABLE copied"); }
    }
}
