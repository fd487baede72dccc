// Lets Node run an agent: node --import ./build/sdk/native/register.mjs --test. The host is the one in native/host.js.

import { register } from "node:module";

register("./hooks.mjs", import.meta.url);
