"use strict";

window.addEventListener("load", () => {
  SwaggerUIBundle({
    dom_id: "#swagger-ui",
    urls: [
      { url: "openapi.json", name: "Videos & Chat API" },
      { url: "openapi/jobs.json", name: "Jobs API" },
    ],
    deepLinking: true,
    // The badge would send the document to a validator on another host.
    validatorUrl: null,
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
    layout: "StandaloneLayout",
  });
});
