import { z } from "zod";

// The page's Content-Security-Policy forbids code from strings: the validator must not even try it. Here, and not
// beside one of the schemas, because a bundler keeps what a module does only when it keeps something of the module.
z.config({ jitless: true });

export { z };
