package dev.loopgate.extauthz;

import dev.loopgate.capture.TimeSource;
import dev.loopgate.fleet.Fleet;
import dev.loopgate.policy.Policy;
import io.envoyproxy.envoy.service.auth.v3.AuthorizationGrpc;
import io.envoyproxy.envoy.service.auth.v3.CheckRequest;
import io.envoyproxy.envoy.service.auth.v3.CheckResponse;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import org.jspecify.annotations.Nullable;

/// Envoy's external authorization, `envoy.service.auth.v3.Authorization/Check`, for a gRPC server.
///
/// Any thread. It never blocks, so a server may run it with `directExecutor` on its event loops; an
/// answer comes on the same thread, or on one of the policy's where a token has to be verified
/// first. There is no deadline of its own: the policy decides within 15 s, and Envoy waits as long
/// as its `timeout` says.
///
/// What Envoy must be told: `encode_raw_headers: true`, and where `allowed_headers` are named,
/// those that are judged are `authorization`, `request-id`, `content-type` and `model-id` (the last
/// two for calls of gRPC). With a policy `failure_mode_allow` must be false.
///
/// Where it passes, a request keeps its Request-Id or gets one, and loses the token that was
/// verified, unless models are to have it; its answer is to say which model gave it, if that is
/// known here. What is denied is answered as `proxy` would. Either way Envoy gets as dynamic
/// metadata `request_id`, `request_id_replaced` and, as far as they are known, `route`,
/// `deployment`, `model_name`, `model_version`. A request for the gateway's own door passes as it
/// came.
public final class AuthorizationService extends AuthorizationGrpc.AuthorizationImplBase {
  private final Authorizer authorizer;
  private final AuthorizerEvents events;

  /// @param policy who may call which model; null lets everybody pass
  /// @param own what the gateway's own door serves, where it is reached through Envoy, too
  public AuthorizationService(
      Fleet fleet,
      @Nullable Policy policy,
      OwnPaths own,
      TimeSource time,
      AuthorizerEvents events) {
    this.authorizer = new Authorizer(fleet, policy, own, time, events);
    this.events = events;
  }

  @Override
  public void check(CheckRequest question, StreamObserver<CheckResponse> envoy) {
    ServerCallStreamObserver<CheckResponse> call = (ServerCallStreamObserver<CheckResponse>) envoy;
    call.setOnCancelHandler(() -> {}); // what comes too late is seen below, and nothing throws
    authorizer.judge(question, response -> answer(call, response));
  }

  private void answer(ServerCallStreamObserver<CheckResponse> call, CheckResponse response) {
    if (call.isCancelled()) {
      events.abandoned();
      return;
    }
    call.onNext(response);
    call.onCompleted();
  }
}
