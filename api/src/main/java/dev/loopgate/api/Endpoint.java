package dev.loopgate.api;

import dev.loopgate.policy.ApiAccess;

/// All that the API serves beside feedback (contract section 5), and who may ask for it (section
/// 8). `{id}` stands for anything that is not empty, to the end of its segment or to what follows
/// there.
enum Endpoint {
  HEALTH("GET", "/health", ApiAccess.ANYBODY),
  CONFIGURATION("GET", "/api/v1/configuration", ApiAccess.READ),
  USER_INFO("GET", "/api/v1/user/info", ApiAccess.READ),

  LIST_DEPLOYMENTS("GET", "/api/v1/model/deployment", ApiAccess.READ),
  CREATE_DEPLOYMENT("POST", "/api/v1/model/deployment", ApiAccess.DEPLOY),
  REPLACE_DEPLOYMENT("PUT", "/api/v1/model/deployment", ApiAccess.DEPLOY),
  GET_DEPLOYMENT("GET", "/api/v1/model/deployment/{id}", ApiAccess.READ),
  PATCH_DEPLOYMENT("PATCH", "/api/v1/model/deployment/{id}", ApiAccess.DEPLOY),
  DELETE_DEPLOYMENT("DELETE", "/api/v1/model/deployment/{id}", ApiAccess.DEPLOY),
  WAKE_DEPLOYMENT("POST", "/api/v1/model/deployment/{id}:wake", ApiAccess.DEPLOY),
  DEPLOYMENT_LOGS("GET", "/api/v1/model/deployment/{id}/logs", ApiAccess.DEPLOY),
  WATCH_DEPLOYMENT("GET", "/api/v1/model/deployment/{id}/events", ApiAccess.READ),
  DEFAULT_ROUTE("GET", "/api/v1/model/deployment/{id}/default-route", ApiAccess.READ),
  DEPLOYMENT_EVENTS("GET", "/api/v1/model/deployment-events", ApiAccess.READ),

  LIST_ROUTES("GET", "/api/v1/model/route", ApiAccess.READ),
  CREATE_ROUTE("POST", "/api/v1/model/route", ApiAccess.ADMINISTER),
  REPLACE_ROUTE("PUT", "/api/v1/model/route", ApiAccess.ADMINISTER),
  GET_ROUTE("GET", "/api/v1/model/route/{id}", ApiAccess.READ),
  PATCH_ROUTE("PATCH", "/api/v1/model/route/{id}", ApiAccess.ADMINISTER),
  DELETE_ROUTE("DELETE", "/api/v1/model/route/{id}", ApiAccess.ADMINISTER),
  ROUTE_EVENTS("GET", "/api/v1/model/route-events", ApiAccess.READ),

  LIST_CONNECTIONS("GET", "/api/v1/connection", ApiAccess.READ),
  CREATE_CONNECTION("POST", "/api/v1/connection", ApiAccess.ADMINISTER),
  REPLACE_CONNECTION("PUT", "/api/v1/connection", ApiAccess.ADMINISTER),
  GET_CONNECTION("GET", "/api/v1/connection/{id}", ApiAccess.READ),
  PATCH_CONNECTION("PATCH", "/api/v1/connection/{id}", ApiAccess.ADMINISTER),
  DELETE_CONNECTION("DELETE", "/api/v1/connection/{id}", ApiAccess.ADMINISTER),
  GET_DECRYPTED_CONNECTION("GET", "/api/v1/connection/{id}/decrypted", ApiAccess.ADMINISTER);

  private final String method;
  private final String template;
  private final ApiAccess access;

  Endpoint(String method, String template, ApiAccess access) {
    this.method = method;
    this.template = template;
    this.access = access;
  }

  String method() {
    return method;
  }

  String template() {
    return template;
  }

  ApiAccess access() {
    return access;
  }
}
