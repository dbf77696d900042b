// SPDX-License-Identifier: MIT
// Runs a PAC script, as third-edition ECMAScript in strict isolation, against a list of [url, host]. Input: {"script":
// ..., "asked": [[url, host], ...]}; output: the answers.
"use strict";
const vm = require("node:vm");
const input = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
const sandbox = vm.createContext(Object.create(null));
vm.runInContext(input.script, sandbox, {timeout: 2000});
const answers = input.asked.map(([url, host]) => {
  sandbox.url = url;
  sandbox.host = host;
  return vm.runInContext("FindProxyForURL(url, host)", sandbox, {timeout: 2000});
});
console.log(JSON.stringify(answers));
