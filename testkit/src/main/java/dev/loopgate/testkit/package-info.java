/// Strict fakes and drivers shared by tests.
///
/// Called by the tests of every room, never by `main` code. Knows no organ: nothing of `proxy`,
/// `log-shipper`, `api` or `runtime` is imported here.
@NullMarked
package dev.loopgate.testkit;

import org.jspecify.annotations.NullMarked;
