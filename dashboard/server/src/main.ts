#!/usr/bin/env node
import { runMain } from "@fieldmesh/runtime";
import { runDashboard } from "./app.js";

runMain("dashboard", runDashboard);
