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
    // "Try it out" asks the host that this page came from, whichever server is chosen in it.
    requestInterceptor: (request) => {
      const target = new URL(request.url, location.href);
      if (target.origin !== location.origin) {
        request.url = location.origin + target.pathname + target.search;
      }
      return request;
    },
  });
});
