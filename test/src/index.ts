export { TestBrowser } from "./browser.js";
export { lacks, type Requirement } from "./requirements.js";
