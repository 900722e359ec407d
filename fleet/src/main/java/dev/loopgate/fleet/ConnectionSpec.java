package dev.loopgate.fleet;

/// What is declared of a connection to another system (contract section 7). What was not said is
/// empty.
///
/// @param type one of [ConnectionRules#TYPES]
/// @param uri where it leads
/// @param username who asks
/// @param password of that user
/// @param region of S3 and ECR, or a project of Google Cloud
/// @param role a service account's role
/// @param keyID the name of a key
/// @param keySecret the key itself
/// @param publicKey what the other side shows
/// @param reference of a repository
/// @param description for people
/// @param webUILink for people
/// @param vital whether it may not be deleted
public record ConnectionSpec(
    String type,
    String uri,
    String username,
    Secret password,
    String region,
    String role,
    Secret keyID,
    Secret keySecret,
    Secret publicKey,
    String reference,
    String description,
    String webUILink,
    boolean vital) {
  /// The same with other secrets and another region.
  ConnectionSpec with(
      String newRegion, Secret newPassword, Secret newKeyID, Secret newKeySecret, Secret newKey) {
    return new ConnectionSpec(
        type,
        uri,
        username,
        newPassword,
        newRegion,
        role,
        newKeyID,
        newKeySecret,
        newKey,
        reference,
        description,
        webUILink,
        vital);
  }
}
