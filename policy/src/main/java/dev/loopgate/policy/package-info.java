/// Who may call which model: tokens, roles.
///
/// Called by `proxy` and `ext-authz` for every request that needs a token (any thread), opened and
/// closed by `app`. Takes plain data, gives a [Decision], and has the words of every [Refusal], so
/// that both say the same. Never waits or reads keys on the caller's thread; knows no models, no
/// HTTP server and no configuration file; no token is ever part of what it tells.
@NullMarked
package dev.loopgate.policy;

import org.jspecify.annotations.NullMarked;
