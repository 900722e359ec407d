"use strict";

window.addEventListener("load", async () => {
  const config = await (await fetch("config.json")).json();
  window.ui = SwaggerUIBundle({
    urls: config.urls,
    dom_id: "#swagger-ui",
    deepLinking: true,
    validatorUrl: null, // nobody else is told what is looked at
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
    layout: "StandaloneLayout",
  });
});
