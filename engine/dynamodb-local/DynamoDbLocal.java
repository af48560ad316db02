import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.reflect.Field;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import software.amazon.dynamodb.services.local.main.ServerRunner;
import software.amazon.dynamodb.services.local.server.DynamoDBProxyServer;

/**
 * Starts AWS's DynamoDB Local the way the Rust engine starts: in memory, on loopback, endpoint on stdout, end with stdin.
 * Run by `java DynamoDbLocal.java [port]`, so nothing has to be compiled first.
 *
 * <p>Its own command line listens on every interface, cannot take a free port, and outlives a parent that was killed.
 */
public final class DynamoDbLocal {
  public static void main(String[] arguments) throws Exception {
    int port = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 0;

    // The server greets on stdout, with a port that is not the one below: that stream is for the endpoint alone.
    PrintStream stdout = System.out;
    System.setOut(new PrintStream(OutputStream.nullOutputStream()));

    // Without -disableTelemetry it would report every start to AWS.
    DynamoDBProxyServer server =
        ServerRunner.createServerFromCommandLineArgs(new String[] {"-inMemory", "-disableTelemetry"});
    ServerConnector connector = connectorOf(server);
    connector.setHost("127.0.0.1");
    connector.setPort(port);
    // start() would print a port conflict and go on; this one throws.
    server.safeStart();

    stdout.println("http://127.0.0.1:" + connector.getLocalPort());
    stdout.flush();

    drain(System.in);
    // halt: shutting down in order takes a second, and there is nothing on disk to save.
    Runtime.getRuntime().halt(0);
  }

  private static ServerConnector connectorOf(DynamoDBProxyServer server) throws ReflectiveOperationException {
    Field field = DynamoDBProxyServer.class.getDeclaredField("server");
    field.setAccessible(true);
    return (ServerConnector) ((Server) field.get(server)).getConnectors()[0];
  }

  private static void drain(InputStream stream) throws IOException {
    while (stream.read() != -1) {}
  }
}
