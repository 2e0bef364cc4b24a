# How the other scripts reach a node. NODE is a server's directory on this machine, or a host of the file $SSH_CONFIG.

on() { # NODE COMMAND...: where the node is
  local node=$1
  shift
  if [[ -d $node ]]; then "$@"; else ssh -F "$SSH_CONFIG" "$node" "$(printf '%q ' "$@")"; fi
}

client() { # NODE OPTION...: MariaDB's client, as root through the socket
  local node=$1
  shift
  if [[ -d $node ]]; then set -- "--socket=$node/mariadb.sock" "$@"; fi
  on "$node" mariadb --no-defaults --batch "$@"
}

sql() { client "$1" --skip-column-names; }

option_file() { # NODE: path of our option file there
  if [[ -d $1 ]]; then echo "$1/conf.d/99-session-store.cnf"; else echo /etc/mysql/mariadb.conf.d/99-session-store.cnf; fi
}

# Each run has its own connections, as it has from one day to the next.
disconnect() {
  local node
  for node in db1 db2; do ssh -F "$SSH_CONFIG" -O exit "$node" 2>/dev/null || true; done
}
[[ -z ${SSH_CONFIG:-} ]] || trap disconnect EXIT
