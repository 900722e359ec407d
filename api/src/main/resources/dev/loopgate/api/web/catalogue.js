"use strict";

// What is sent where, a model's own document says: its values must not lead out of the model either.
const CLIMBS = /\/(\.|%2e){1,2}([/?#]|$)/i;

function belowItsModel(request) {
  if (CLIMBS.test(request.url.replaceAll("\\", "/"))) {
    throw new Error("not sent: the path leads out of the model");
  }
  return request;
}

window.addEventListener("load", async () => {
  const config = await (await fetch("config.json")).json();
  window.ui = SwaggerUIBundle({
    urls: config.urls,
    dom_id: "#swagger-ui",
    deepLinking: true,
    requestInterceptor: belowItsModel,
    validatorUrl: null, // nobody else is told what is looked at
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
    layout: "StandaloneLayout",
  });
});
