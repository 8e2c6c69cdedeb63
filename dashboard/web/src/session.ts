import { ApiError, api, whenSignedOut } from "./api.js";
import { forgetPasts } from "./history/histories.js";
import { Link } from "./link.js";
import { forgetEverything, session } from "./state.js";

export const link = new Link(() => signedOut("Your session has ended. Sign in again."));

/** Finds out who is there, then opens the connection; without an answer it tries again. */
export async function startSession(): Promise<void> {
  whenSignedOut(() => signedOut("Your session has ended. Sign in again."));
  try {
    const { user, required } = await api.session();
    if (user === null && required) {
      session.value = { state: "signed-out" };
      return;
    }
    // Without required sign-in, whoever sits at the machine itself may do everything; the server still decides.
    session.value = {
      state: "signed-in",
      name: user?.name ?? "local",
      role: user?.role ?? "admin",
      domains: user?.domains ?? [],
      required,
    };
    link.start();
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) {
      session.value = { state: "signed-out" };
      return;
    }
    setTimeout(() => void startSession(), RETRY_MS);
  }
}
/** The page was served, so the server is about to be back. */
const RETRY_MS = 2_000; // ms

/** Errors: {@link ApiError} with the server's words (wrong name or password, too many attempts). */
export async function signIn(name: string, password: string): Promise<void> {
  const { user } = await api.signIn(name, password);
  const { role, domains = [] } = user;
  session.value = { state: "signed-in", name: user.name, role, domains, required: true };
  link.start();
}

export async function signOut(): Promise<void> {
  await api.signOut();
  signedOut();
}

function signedOut(message?: string): void {
  link.stop();
  forgetEverything();
  forgetPasts();
  session.value = message === undefined ? { state: "signed-out" } : { state: "signed-out", message };
}
