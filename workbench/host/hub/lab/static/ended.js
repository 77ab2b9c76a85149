// JupyterLab's half of "ended.py": shows what the server says. In the form that JupyterLab loads
// extensions in, with nothing to build.
(() => {
  const schema = "https://workbench.invalid/ended-for-memory";
  const plugin = {
    id: "workbench:ended-for-memory",
    autoStart: true,
    activate: (app) => {
      app.serviceManager.events.stream.connect((_, event) => {
        if (event.schema_id === schema) {
          app.commands.execute("apputils:notify", {
            message: event.message,
            type: "error",
            options: { autoClose: false },
          });
        }
      });
    },
  };
  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB.workbench = {
    init: () => {},
    get: () => Promise.resolve(() => ({ __esModule: true, default: plugin })),
  };
})();
