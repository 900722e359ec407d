package dev.loopgate.logshipper;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.retries.DefaultRetryStrategy;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;
import software.amazon.awssdk.services.s3.S3Configuration;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.PutObjectResponse;
import software.amazon.awssdk.services.s3.model.S3Object;

/// A bucket of S3, or of a store that speaks its protocol. Confined to one thread at a time.
///
/// Files are staged in a local directory and published by one `PutObject` that creates or fails, or
/// whose key nobody else gives. Whatever is not proven is asked again with the same key.
public final class S3Store implements ObjectStore {
  /*
   * 412 does not say whose the object is: when an answer is lost, the client asks again by itself and
   * meets the object that it made. So it is looked at, and the owner that we keep beside it tells. Only
   * another owner's is TAKEN. Size and checksum alone prove nothing, see LocalStore.
   *
   * A store that ignores If-None-Match would replace files of other gateways without a word. So before
   * the first file one hidden object is written twice: the second time must be a 412.
   *
   * With unique names nobody asks for If-None-Match. What keeps files apart is that no other gateway gives
   * the key; a PUT that is repeated, or lands late, replaces an object by its own bytes. Still it is looked
   * first, so that what is there is told from what is not, and nothing that is seen is ever replaced.
   */

  /// Written to see whether the store takes files, and can create without replacing.
  static final String PROBE = ".loopgate-create-only";

  private static final Duration CONNECT = Duration.ofSeconds(10);
  private static final Duration SILENCE = Duration.ofSeconds(30);
  private static final Duration ANSWER = Duration.ofMinutes(2); // with the client's own two retries
  private static final int ATTEMPTS = 3;
  // A window of many files waits for their answers together.
  private static final int UPLOADS_MAX = 8;
  // Uploads, as many that were given up or nearly twice that, and what `open` gave out.
  private static final int CONNECTIONS_MAX = 2 * UPLOADS_MAX + 4;
  private static final Duration CONNECTION_LIFE = Duration.ofMinutes(1); // none lasts over a window
  private static final long BYTES_PER_SECOND_MIN = 64 << 10;
  private static final String NO_REGION = "us-east-1"; // what stores that have none expect

  /// What tests make small.
  ///
  /// @param pageKeys keys of one page of a listing
  /// @param multipartBytes larger files are published in parts
  /// @param partBytes of a part, the last may be smaller
  record Limits(int pageKeys, long multipartBytes, int partBytes) {
    static final Limits DEFAULT = new Limits(1000, 256L << 20, 16 << 20);
  }

  private final S3Client client;
  private final FilesRoot.S3 root;
  private final S3Requests requests;
  private final Limits limits;
  private final Path staging;
  private final RemoteCalls calls = new RemoteCalls(UPLOADS_MAX);
  private final S3Config.Names names;
  private boolean proven;

  private S3Store(
      S3Client client, FilesRoot.S3 root, S3Config config, Limits limits, Path staging) {
    this.client = client;
    this.root = root;
    this.requests = new S3Requests(root, config);
    this.names = config.names();
    this.limits = limits;
    this.staging = staging;
  }

  /// The store at `root`; nothing is asked of it yet.
  ///
  /// @param staging a local directory, made when absent
  /// @throws IOException when the directory can't be made, or the client lacks a region
  public static S3Store open(FilesRoot.S3 root, S3Config config, Path staging) throws IOException {
    return open(root, config, Limits.DEFAULT, staging);
  }

  static S3Store open(FilesRoot.S3 root, S3Config config, Limits limits, Path staging)
      throws IOException {
    Staging.makePrivate(staging);
    return reading(root, config, limits, staging);
  }

  /// The same, to read alone.
  static S3Store reading(FilesRoot.S3 root, S3Config config, Limits limits, Path staging)
      throws IOException {
    try {
      return new S3Store(client(config), root, config, limits, staging);
    } catch (SdkException e) {
      throw new IOException(root + ": " + S3Failures.clientsOwn(e), e);
    }
  }

  private static S3Client client(S3Config config) {
    S3ClientBuilder builder =
        S3Client.builder()
            .httpClientBuilder(
                // Its refusals before a body is sent keep their own bodies: the JDK's lose them.
                Apache5HttpClient.builder()
                    .connectionTimeout(CONNECT)
                    .connectionAcquisitionTimeout(CONNECT)
                    .socketTimeout(SILENCE)
                    .maxConnections(CONNECTIONS_MAX)
                    .connectionTimeToLive(CONNECTION_LIFE)
                    .useIdleConnectionReaper(false)) // a thread for a few sockets
            .overrideConfiguration(common ->
                common.retryStrategy(
                    DefaultRetryStrategy.standardStrategyBuilder().maxAttempts(ATTEMPTS).build()))
            // Ours is in the request already; trailers of the client's break stores that are not
            // AWS.
            .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
            .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
            .forcePathStyle(config.pathStyle())
            .serviceConfiguration(S3Configuration.builder().chunkedEncodingEnabled(false).build());
    URI endpoint = config.endpoint();
    String region = config.region();
    if (endpoint != null) {
      builder.endpointOverride(endpoint);
    }
    if (region != null || endpoint != null) {
      builder.region(Region.of(region == null ? NO_REGION : region));
    }
    return builder.build();
  }

  @Override
  public Path staging() {
    return staging;
  }

  @Override
  public void prove() throws IOException {
    if (proven) {
      return;
    }
    StagedFile empty = new StagedFile(staging, 0, Checksum.of(new byte[0]).crc32c(), PROBE);
    boolean created = ask("PutObject", PROBE, ANSWER, () -> create(PROBE, empty));
    if (created && createsOnly() && ask("PutObject", PROBE, ANSWER, () -> create(PROBE, empty))) {
      throw new StoreRefusedException(
          root
              + ": the store ignores If-None-Match, so gateways would replace each other's files;"
              + " set s3.names=unique, or use a store that can create without replacing");
    }
    proven = true;
  }

  @Override
  public Publication publish(ObjectKey key, StagedFile file) throws IOException {
    prove();
    if (!createsOnly()) {
      HeadObjectResponse head = head(key.path());
      if (head != null) {
        return judge(key, file, head);
      }
      if (!NumberRange.isOwn(key, instanceOf(file.owner()))) {
        return Publication.TAKEN; // others may write there at this moment
      }
    }
    IOException unanswered = null;
    try {
      if (upload(key.path(), file)) {
        return Publication.PUBLISHED;
      }
    } catch (StoreRefusedException e) {
      throw e;
    } catch (IOException e) {
      // A store that has the key may close the connection on the body, and its 412 is never read.
      unanswered = e;
    }
    return judgeAfter(unanswered, key, file);
  }

  @Override
  public int uploadsMax() {
    return UPLOADS_MAX;
  }

  @Override
  public List<Upload.Outcome> publishAll(List<Upload> uploads) throws IOException {
    prove(); // before there are several threads
    return calls.uploadAll(uploads, this);
  }

  /// What is there after an upload that found the key taken, or that nobody answered.
  private Publication judgeAfter(@Nullable IOException unanswered, ObjectKey key, StagedFile file)
      throws IOException {
    HeadObjectResponse head;
    try {
      head = head(key.path());
    } catch (StoreRefusedException e) {
      throw e;
    } catch (IOException e) {
      if (unanswered == null) {
        throw e;
      }
      unanswered.addSuppressed(e);
      throw unanswered;
    }
    if (head == null) {
      throw unanswered != null
          ? unanswered
          : new IOException(whereIs(key.path()) + ": said to be there, and is not");
    }
    return judge(key, file, head);
  }

  /// Whether the object was made; false says that there is one already.
  private boolean upload(String path, StagedFile file) throws IOException {
    return ask(
        "PutObject",
        path,
        within(file.size()),
        () ->
            file.size() > limits.multipartBytes()
                ? new S3Parts(client, requests, limits.partBytes()).create(path, file)
                : create(path, file));
  }

  @Override
  public boolean isRemote() {
    return true;
  }

  @Override
  public boolean createsOnly() {
    return names == S3Config.Names.CREATE_ONLY;
  }

  @Override
  public List<ObjectKey> list(String prefix) throws IOException {
    List<ObjectKey> keys = new ArrayList<>();
    walk(prefix, keys::add);
    return keys;
  }

  @Override
  public void walk(String prefix, Keys each) throws IOException {
    String continued = null;
    do {
      String from = continued;
      ListObjectsV2Response page =
          ask(
              "ListObjectsV2",
              prefix,
              ANSWER,
              () -> client.listObjectsV2(requests.list(prefix, limits.pageKeys(), from)));
      for (S3Object object : page.contents()) {
        Optional<ObjectKey> key = RemoteKey.of(requests.base(), object.key());
        if (key.isPresent()) {
          each.next(key.get());
        }
      }
      continued = Boolean.TRUE.equals(page.isTruncated()) ? page.nextContinuationToken() : null;
      if (Boolean.TRUE.equals(page.isTruncated())
          && (continued == null || continued.equals(from))) {
        throw new IOException(
            whereIs(prefix) + ": ListObjectsV2: a page that is not the last names no next one");
      }
    } while (continued != null);
  }

  @Override
  public InputStream open(ObjectKey key) throws IOException {
    return ask(
        "GetObject",
        key.path(),
        ANSWER,
        () -> {
          try {
            return client.getObject(requests.get(key.path()));
          } catch (AwsServiceException e) {
            if (e.statusCode() == 404 && !S3Failures.codeOf(e).equals("NoSuchBucket")) {
              throw new NoSuchFileException(key.path());
            }
            throw e;
          }
        });
  }

  @Override
  public Optional<String> makerOf(ObjectKey key) throws IOException {
    HeadObjectResponse head = head(key.path());
    String owner = head == null ? null : metadataOf(head).get(S3Requests.OWNER);
    return owner == null ? Optional.empty() : Optional.of(instanceOf(owner));
  }

  @Override
  public void close() {
    client.close();
  }

  /// Whether the object was made; false says that there is one already.
  private boolean create(String path, StagedFile file) throws IOException {
    try {
      RequestBody body = file.size() == 0 ? RequestBody.empty() : RequestBody.fromFile(file.path());
      PutObjectResponse answer = client.putObject(requests.put(path, file), body);
      if (answer.eTag() == null) { // an error in the body of a 200 has none
        throw new IOException(whereIs(path) + ": PutObject: 200 without an ETag proves nothing");
      }
      return true;
    } catch (AwsServiceException e) {
      if (e.statusCode() == 412) {
        return false;
      }
      throw e;
    }
  }

  private Publication judge(ObjectKey key, StagedFile file, HeadObjectResponse head)
      throws IOException {
    Map<String, String> metadata = metadataOf(head);
    if (!file.owner().equals(metadata.get(S3Requests.OWNER))) {
      return Publication.TAKEN;
    }
    String crc32c = metadata.get(S3Requests.CRC32C);
    if (head.contentLength() != file.size() || !Checksum.hex(file.crc32c()).equals(crc32c)) {
      throw new StoreRefusedException(
          "%s: ours, and not what was planned: size=%d, crc32c=%s, planned=%d, %s; somebody altered it: see who, and move it away"
              .formatted(
                  whereIs(key.path()),
                  head.contentLength(),
                  crc32c,
                  file.size(),
                  Checksum.hex(file.crc32c())));
    }
    return Publication.PUBLISHED_BEFORE;
  }

  // Names of headers have no case, and what stands between us and the store may write them anyhow.
  private static Map<String, String> metadataOf(HeadObjectResponse head) {
    Map<String, String> metadata = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    metadata.putAll(head.metadata());
    return metadata;
  }

  private @Nullable HeadObjectResponse head(String path) throws IOException {
    Optional<HeadObjectResponse> head =
        ask(
            "HeadObject",
            path,
            ANSWER,
            () -> {
              try {
                return Optional.of(client.headObject(requests.head(path)));
              } catch (AwsServiceException e) {
                if (e.statusCode() == 404) {
                  return Optional.empty();
                }
                throw e;
              }
            });
    return head.orElse(null);
  }

  private static String instanceOf(String owner) {
    return owner.split("/", 2)[0];
  }

  private <T> T ask(String step, String path, Duration within, RemoteCalls.Call<T> call)
      throws IOException {
    String where = whereIs(path);
    return calls.ask(
        where + ": " + step,
        within,
        () -> {
          try {
            return call.ask();
          } catch (SdkException e) {
            throw S3Failures.of(where, step, e);
          }
        });
  }

  private String whereIs(String path) {
    return FilesRoot.S3_SCHEME + root.bucket() + '/' + requests.keyOf(path);
  }

  /// How long an upload may take: a slow line gets through, one that trickles does not hold us for
  /// ever.
  private static Duration within(long bytes) {
    return ANSWER.plusSeconds(bytes / BYTES_PER_SECOND_MIN);
  }
}
