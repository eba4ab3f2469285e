// The smallest client of the portal API: one cookie, the server's own certificate accepted (a test's server).
import { request } from "node:https";

export class Client {
  cookie = "";

  constructor(url) {
    this.url = url;
  }

  call(method, path, body) {
    return new Promise((resolve, reject) => {
      const headers = { cookie: this.cookie, ...(body ? { "content-type": "application/json" } : {}) };
      const sent = request(`${this.url}/api/v1${path}`, { method, headers, rejectUnauthorized: false, agent: false }, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk) => (text += chunk));
        response.on("end", () => {
          const set = response.headers["set-cookie"]?.[0];
          if (set) this.cookie = set.split(";")[0];
          if (response.statusCode >= 300) reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
          else resolve(text === "" ? null : JSON.parse(text));
        });
      });
      sent.on("error", reject);
      sent.end(body ? JSON.stringify(body) : undefined);
    });
  }

  get(path) {
    return this.call("GET", path);
  }

  login(user, password) {
    return this.call("POST", "/login", { user, password });
  }
}
