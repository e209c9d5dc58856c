// The Java peer of the interop tests: JSSE, driven by lines on standard input (see ../worker.ts).

import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import java.util.List;

public class Peer {
    public static void main(String[] args) throws Exception {
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.ISO_8859_1));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            String[] parts = line.split("\t");
            Map<String, String> fields = new HashMap<>();
            for (int i = 1; i < parts.length; i++) {
                int at = parts[i].indexOf('=');
                fields.put(parts[i].substring(0, at), parts[i].substring(at + 1));
            }
            Thread worker = new Thread(() -> {
                try {
                    if (parts[0].equals("serve")) serve(fields);
                    if (parts[0].equals("dial")) dial(fields);
                } catch (Exception problem) {
                    say("failed", fields, "why=" + problem);
                }
            });
            worker.setDaemon(true);
            worker.start();
        }
    }

    static synchronized void say(String verb, Map<String, String> fields, String rest) {
        System.out.println(verb + "\tid=" + fields.get("id") + "\t" + rest.replaceAll("[\\r\\n]+", " "));
        System.out.flush();
    }

    static final Map<String, SSLContext> kept = new HashMap<>();

    /** One for all connections that say resume=1: its sessions go on. */
    static synchronized SSLContext context(Map<String, String> f, String role) throws Exception {
        if (!"1".equals(f.get("resume"))) return freshContext(f);
        String key = role + f.get("version") + f.get("cert");
        if (!kept.containsKey(key)) kept.put(key, freshContext(f));
        return kept.get(key);
    }

    static SSLContext freshContext(Map<String, String> f) throws Exception {
        CertificateFactory certificates = CertificateFactory.getInstance("X.509");
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("ca", certificates.generateCertificate(Files.newInputStream(Path.of(f.get("ca")))));
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(trusted);
        KeyManagerFactory keys = null;
        if (f.containsKey("cert")) {
            KeyStore own = KeyStore.getInstance("PKCS12");
            own.load(null, null);
            Certificate[] chain = certificates.generateCertificates(Files.newInputStream(Path.of(f.get("cert")))).toArray(new Certificate[0]);
            String pem = Files.readString(Path.of(f.get("key"))).replaceAll("-----[^-]*-----|\\s", "");
            PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem));
            PrivateKey key = KeyFactory.getInstance(chain[0].getPublicKey().getAlgorithm()).generatePrivate(spec);
            own.setKeyEntry("own", key, new char[0], chain);
            keys = KeyManagerFactory.getInstance("PKIX");
            keys.init(own, new char[0]);
        }
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys == null ? null : keys.getKeyManagers(), trust.getTrustManagers(), null);
        return context;
    }

    static String[] protocols(Map<String, String> f) {
        return new String[] {f.get("version").equals("1.2") ? "TLSv1.2" : "TLSv1.3"};
    }

    static String line(SSLSocket socket) throws Exception {
        StringBuilder text = new StringBuilder();
        for (int next = socket.getInputStream().read(); next != '\n'; next = socket.getInputStream().read()) {
            if (next < 0) throw new java.io.EOFException("closed before a line came");
            text.append((char) next);
        }
        return text.toString();
    }

    static void write(SSLSocket socket, String text) throws Exception {
        socket.getOutputStream().write((text + "\n").getBytes(StandardCharsets.ISO_8859_1));
        socket.getOutputStream().flush();
    }

    static void serve(Map<String, String> f) throws Exception {
        SSLServerSocket listener = (SSLServerSocket)
            context(f, "server").getServerSocketFactory().createServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
        listener.setEnabledProtocols(protocols(f));
        listener.setNeedClientAuth(f.get("require").equals("1"));
        say("listening", f, "port=" + listener.getLocalPort());
        listener.setSoTimeout(20000);
        SSLSocket socket = (SSLSocket) listener.accept();
        listener.close();
        socket.setSoTimeout(20000);
        String received = line(socket);
        // a second startHandshake is a KeyUpdate in TLS 1.3
        if (f.get("update").equals("1")) socket.startHandshake();
        write(socket, "echo:" + received);
        while (socket.getInputStream().read() >= 0) { }
        socket.close();
        say("done", f, "received=" + received + "\texporter=\tkeylog=");
    }

    static void dial(Map<String, String> f) throws Exception {
        SSLSocket socket = (SSLSocket) context(f, "client").getSocketFactory().createSocket("127.0.0.1", Integer.parseInt(f.get("port")));
        socket.setSoTimeout(20000);
        socket.setEnabledProtocols(protocols(f));
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setServerNames(List.of(new SNIHostName("localhost")));
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        if (f.get("update").equals("1")) socket.startHandshake();
        write(socket, f.get("message"));
        String received = line(socket);
        socket.shutdownOutput();
        while (socket.getInputStream().read() >= 0) { }
        socket.close();
        say("done", f, "received=" + received + "\texporter=\tkeylog=");
    }
}
