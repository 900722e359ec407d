/// Envoy's question: may this request pass, and as which prediction?
///
/// Called over gRPC by Envoy, before it reads a request's body; built by `app`. Answers as `proxy`
/// would have answered the same request, to the byte. Keeps no state, asks nobody but `fleet` and
/// `policy`, never blocks, and records nothing: what was refused is for `ext-proc` or the access
/// log to tell.
@NullMarked
package dev.loopgate.extauthz;

import org.jspecify.annotations.NullMarked;
