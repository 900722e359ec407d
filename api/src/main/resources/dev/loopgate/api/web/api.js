"use strict";

window.addEventListener("load", () => {
  window.ui = SwaggerUIBundle({
    url: "data.json",
    dom_id: "#swagger-ui",
    deepLinking: true,
    validatorUrl: null, // nobody else is told what is looked at
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
  });
});
