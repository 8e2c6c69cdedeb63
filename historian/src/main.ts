#!/usr/bin/env node
import { runMain } from "@fieldmesh/runtime";
import { runHistorian } from "./app.js";

runMain("historian", runHistorian);
