/// Envoy's question: may this request pass, and as which prediction?
@NullMarked
package dev.loopgate.extauthz;

import org.jspecify.annotations.NullMarked;
