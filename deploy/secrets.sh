#!/bin/sh
# Make the secrets that docker-compose.yml reads, once: what is there is never changed. Put your model key into openrouter_api_key.
set -eu
folder=${1:-$(dirname "$0")/secrets}
mkdir -p "$folder"
# Compose mounts a file as it is, and the containers run as different users: so each file can be read by all, but nobody else on
# this machine gets into the folder.
chmod 700 "$folder"
make() {  # name, command that prints it
    [ -e "$folder/$1" ] || { eval "$2" > "$folder/.new" && chmod 444 "$folder/.new" && mv "$folder/.new" "$folder/$1"; }
}
for name in secret_key postgres_password valkey_password metrics_token alerts_token flower_password grafana_password; do
    make "$name" "head -c 48 /dev/urandom | base64 | tr -d '\n=' | tr '+/' '-_'"
done
make openrouter_api_key ":"  # empty: no model is asked
chmod 644 "$folder/openrouter_api_key"
