#!/usr/bin/env node
import { runMain } from "@fieldmesh/runtime";
import { runEdge } from "./app.js";

runMain("edge", runEdge);
