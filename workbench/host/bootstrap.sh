#!/bin/bash
# Makes a new server able to become this workbench; all else is the recipe in the bucket.
mkdir -p /etc/workbench /opt/workbench /var/log/workbench
echo 'BUCKET REGION' > /etc/workbench/source
cat > /opt/workbench/fetch <<'END'
#!/usr/bin/python3
import datetime, hashlib, hmac, io, json, os, sys, tarfile, time, urllib.request as u
T0 = time.monotonic()
RUN, LOG = f"{time.time():.3f}", "/var/log/workbench/progress.jsonl"
BUCKET, REGION = open("/etc/workbench/source").read().split()
HOST = f"s3.{REGION}.amazonaws.com" + ".cn" * REGION.startswith("cn-")
HOME = "/opt/workbench/recipe"
IMDS, D = "http://169.254.169.254/latest/", "x-aws-ec2-metadata-token"
def get(url, headers={}, method="GET"):
    r = u.Request(url, headers=headers, method=method)
    direct = u.ProxyHandler({}) if url.startswith(IMDS) else u.ProxyHandler()
    return u.build_opener(direct).open(r, timeout=30).read()
def sign(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
def s3(name):
    token = {D: get(IMDS + "api/token", {D + "-ttl-seconds": "300"}, "PUT").decode()}
    role = IMDS + "meta-data/iam/security-credentials/"
    c = json.loads(get(role + get(role, token).decode().split()[0], token))
    t = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    none = hashlib.sha256().hexdigest()
    h = {"host": HOST, "x-amz-content-sha256": none, "x-amz-date": t,
         "x-amz-security-token": c["Token"]}
    names, path = ";".join(h), f"/{BUCKET}/{name}"
    scope = f"{t[:8]}/{REGION}/s3/aws4_request"
    lines = "".join(f"{k}:{v}\n" for k, v in h.items())
    q = hashlib.sha256(f"GET\n{path}\n\n{lines}\n{names}\n{none}".encode()).hexdigest()
    key = ("AWS4" + c["SecretAccessKey"]).encode()
    for part in scope.split("/"):
        key = sign(key, part)
    mac = sign(key, f"AWS4-HMAC-SHA256\n{t}\n{scope}\n{q}").hex()
    h["authorization"] = (f"AWS4-HMAC-SHA256 Credential={c['AccessKeyId']}/{scope}, "
        f"SignedHeaders={names}, Signature={mac}")
    return get(f"https://{HOST}{path}", h)
def fetch():
    settings = s3("settings.json")
    recipe = json.loads(settings)["recipe"]
    folder = f"{HOME}/{recipe['sha256']}"
    if not os.path.isdir(folder):
        data = s3(recipe["key"])
        if hashlib.sha256(data).hexdigest() != recipe["sha256"]:
            raise ValueError("the recipe's SHA-256 is not the one in settings.json")
        tarfile.open(fileobj=io.BytesIO(data)).extractall(folder + ".new")
        os.rename(folder + ".new", folder)
    return settings, folder, recipe["sha256"]
for attempt in range(1, 31):
    try:
        settings, folder, sha = fetch()
        break
    except Exception as e:
        error = f"{type(e).__name__}: {e}"
        print("fetch:", error, flush=True)
        time.sleep(min(attempt, 10))
else:
    end = {"time": time.time(), "run": RUN, "event": "end", "result": "failed",
        "changed": 0, "unchanged": 0, "seconds": time.monotonic() - T0, "log": [error],
        "failed_step": f"Fetch the recipe from s3://{BUCKET}"}
    open(LOG, "a").write(json.dumps(end) + "\n")
    sys.exit(error)
path = "/etc/workbench/settings.json"
with open(os.open(path, 577, 0o600), "wb") as file:
    file.write(settings)
os.system(f"ln -sfn {folder} {HOME}/current")
os.environ.update(WORKBENCH_RUN=RUN, WORKBENCH_BEGAN=str(T0), WORKBENCH_RECIPE=sha)
os.chdir(folder)
os.execv("/usr/bin/python3", ["python3", "-m", "workbench_host", path])
END
cat > /etc/systemd/system/workbench-converge.service <<'END'
[Unit]
Description=Make this server what the workbench's stack says
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0
[Service]
Type=oneshot
ExecStart=/usr/bin/python3 /opt/workbench/fetch
TimeoutStartSec=3600
Environment=HOME=/root
StandardOutput=append:/var/log/workbench/converge.log
StandardError=inherit
[Install]
WantedBy=multi-user.target
END
systemctl daemon-reload
systemctl enable workbench-converge
systemctl start --no-block workbench-converge
