// How a client uses the app: a token, then the alerts of the last day, for PowerShell, curl and Python.
import { useState } from "react";
import { useText } from "../i18n/text";
import { CopyButton } from "../ui/Copy";

interface Values {
  base: string;
  tenant: string;
  app: string;
  secret: string;
}

const KINDS = ["PowerShell", "curl", "Python"] as const;
type Kind = (typeof KINDS)[number];

function snippet(kind: Kind, { base, tenant, app, secret }: Values): string {
  switch (kind) {
    case "PowerShell":
      return `$body = @{
  grant_type    = 'client_credentials'
  client_id     = '${app}'
  client_secret = '${secret}'
  resource      = '${base}'
}
$token = (Invoke-RestMethod -Method Post -Uri '${base}/${tenant}/oauth2/token' -Body $body).access_token
$since = (Get-Date).ToUniversalTime().AddDays(-1).ToString('o')
(Invoke-RestMethod -Uri "${base}/api/alerts?\`$filter=alertCreationTime ge $since" -Headers @{ Authorization = "Bearer $token" }).value`;
    case "curl":
      return `token=$(curl --cacert ca.pem -s '${base}/${tenant}/oauth2/v2.0/token' \\
  -d grant_type=client_credentials -d client_id=${app} \\
  --data-urlencode 'client_secret=${secret}' -d 'scope=${base}/.default' | jq -r .access_token)
curl --cacert ca.pem -G '${base}/api/alerts' -H "authorization: Bearer $token" \\
  --data-urlencode "\\$filter=alertCreationTime ge $(date -u -d '1 day ago' +%FT%TZ)"`;
    case "Python":
      return `# pip install msal requests; REQUESTS_CA_BUNDLE=ca.pem
import datetime, msal, requests

app = msal.ConfidentialClientApplication("${app}", client_credential="${secret}",
    authority="${base}/${tenant}", instance_discovery=False)
token = app.acquire_token_for_client(["${base}/.default"])["access_token"]
since = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
answer = requests.get("${base}/api/alerts", headers={"Authorization": "Bearer " + token},
    params={"$filter": f"alertCreationTime ge {since:%Y-%m-%dT%H:%M:%SZ}"})
print(answer.json()["value"])`;
  }
}

export function Snippets({ tenant, app, secret }: { tenant: string; app: string; secret: string | undefined }) {
  const t = useText();
  const [kind, setKind] = useState<Kind>("PowerShell");
  const text = snippet(kind, { base: location.origin, tenant, app, secret: secret ?? "<secret>" });
  return (
    <section aria-labelledby="snippets-title">
      <h2 id="snippets-title">{t("apps.use")}</h2>
      <p className="dim">{t("apps.use.text")}</p>
      <div className="snippet-kinds" role="group" aria-label={t("apps.use")}>
        {KINDS.map((choice) => (
          <button key={choice} type="button" className="button small" aria-pressed={choice === kind} onClick={() => setKind(choice)}>{choice}</button>
        ))}
      </div>
      <div className="snippet"><pre tabIndex={0} aria-label={kind}><code>{text}</code></pre><CopyButton text={text} label={t("pane.copy", { name: kind })} /></div>
    </section>
  );
}
