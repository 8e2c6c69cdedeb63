#!/usr/bin/env node
import { runMain } from "@fieldmesh/runtime";
import { runRegistry } from "./app.js";

runMain("registry", runRegistry);
