import { useSignal } from "@preact/signals";
import { signIn } from "../session.js";
import { useAction } from "../view/action.js";
import { Cross, Logo } from "../view/icons.js";
import { PageTitle } from "../view/page-title.js";

export function SignIn({ message }: { message: string | undefined }) {
  const name = useSignal("");
  const password = useSignal("");
  const action = useAction();
  const { outcome } = action;
  return (
    <main class="sign-in" id="main">
      <form
        class="card sign-in-card"
        onSubmit={(event) => {
          event.preventDefault();
          void action.run(async () => {
            await signIn(name.value, password.value);
            return "Signed in.";
          });
        }}
      >
        <Logo />
        <PageTitle title="Sign in">Sign in to Fieldmesh</PageTitle>
        <p class="quiet sign-in-text">{message ?? "Live readings and alarms of every sensor."}</p>
        <label class="field">
          <span>Name</span>
          <input
            type="text"
            autoComplete="username"
            autoCapitalize="none"
            spellcheck={false}
            required
            value={name}
            onInput={(event) => (name.value = event.currentTarget.value)}
          />
        </label>
        <label class="field">
          <span>Password</span>
          <input
            type="password"
            autoComplete="current-password"
            required
            value={password}
            onInput={(event) => (password.value = event.currentTarget.value)}
          />
        </label>
        <div role="alert">
          {outcome.state === "failed" && (
            <p class="outcome outcome-failed">
              <Cross /> {outcome.text}
            </p>
          )}
        </div>
        <button type="submit" class="button button-primary" disabled={action.busy}>
          {action.busy ? "Signing in…" : "Sign in"}
        </button>
      </form>
    </main>
  );
}
