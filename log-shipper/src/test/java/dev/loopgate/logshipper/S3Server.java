package dev.loopgate.logshipper;

import java.net.URI;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.nio2blob.TransientNio2BlobStore;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

/// S3Proxy with one bucket, the credentials for it where the default chain finds them, and a client
/// that goes straight to it.
final class S3Server implements AutoCloseable {
  private static final String KEY = "test";
  private static final String SECRET = "test12345";

  private final S3Proxy server;
  private final S3Client client;

  private S3Server(S3Proxy server, S3Client client) {
    this.server = server;
    this.client = client;
  }

  static S3Server start(String bucket) throws Exception {
    return start(bucket, builder().awsAuthentication(AuthenticationType.AWS_V4, KEY, SECRET));
  }

  /// One that looks at no signature: what it is asked may be altered on the way.
  static S3Server startCareless(String bucket) throws Exception {
    return start(bucket, builder());
  }

  private static S3Proxy.Builder builder() {
    return S3Proxy.builder()
        .endpoint(URI.create("http://127.0.0.1:0"))
        .blobStore(new TransientNio2BlobStore());
  }

  private static S3Server start(String bucket, S3Proxy.Builder builder) throws Exception {
    // The default chain reads these before anything else.
    System.setProperty("aws.accessKeyId", KEY);
    System.setProperty("aws.secretAccessKey", SECRET);
    S3Proxy server = builder.build();
    server.start();
    S3Client client = client("http://127.0.0.1:" + server.getPort(), KEY, SECRET);
    client.createBucket(request -> request.bucket(bucket));
    return new S3Server(server, client);
  }

  /// A client of any server.
  static S3Client client(String endpoint, String key, String secret) {
    return S3Client.builder()
        .httpClientBuilder(Apache5HttpClient.builder())
        .endpointOverride(URI.create(endpoint))
        .region(Region.US_EAST_1)
        .forcePathStyle(true)
        .credentialsProvider(
            StaticCredentialsProvider.create(AwsBasicCredentials.create(key, secret)))
        .build();
  }

  /// What S3 says with this code.
  static String error(String code) {
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>"
        + code
        + "</Code><Message>said by the proxy</Message></Error>";
  }

  int port() {
    return server.getPort();
  }

  S3Client client() {
    return client;
  }

  @Override
  public void close() {
    client.close();
    try {
      server.stop();
    } catch (Exception e) {
      throw new IllegalStateException("S3Proxy: stop failed", e);
    }
    System.clearProperty("aws.accessKeyId");
    System.clearProperty("aws.secretAccessKey");
  }
}
