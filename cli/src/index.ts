export { runCommand } from "./program.js";
export { processTerminal, type Terminal } from "./terminal.js";
