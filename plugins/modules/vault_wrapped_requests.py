#!/usr/bin/python
# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entry point of the module; what it does is in module_utils/_vault."""

from __future__ import annotations

DOCUMENTATION = r"""
module: vault_wrapped_requests
short_description: Turn requests to Vault or OpenBao into single-use wrapping tokens
version_added: 1.0.0
author:
  - flant.gitops contributors (@flant)
description:
  - B(Set) C(no_log=true) B(on every task that uses this module), because RV(env) holds tokens. The reason of a failure
    is hidden then, too. It never holds a secret, so register the result and show its C(msg) in a task of its own.
  - Logs in by AppRole, or as O(auth_method) says, sends every request with C(X-Vault-Wrap-TTL) and returns one wrapping
    token per request. Neither Ansible nor the target ever sees a response; whoever gets a token unwraps it, once.
  - All requests are sent side by side, over at most 20 connections. It is all or nothing. If one request fails, the
    tokens that the others have got are revoked, and so is the login token.
  - Keeps the secret-id in a file and replaces it in time, if O(secret_id_file) is given.
extends_documentation_fragment:
  - flant.gitops.attributes
attributes:
  check_mode:
    support: full
    details:
      - Validates all options, logs in and out, sends no request and replaces no secret-id.
  diff_mode:
    support: none
requirements:
  - hvac (Python library) 1.1.0 or newer
notes:
  - The least policy for the AppRole names the path of each request with the one capability it takes (C(read) for
    V(GET), C(list) for V(LIST), C(update) or C(create) for V(POST) and V(PUT), C(delete) for V(DELETE)). Wrapping
    itself takes none. The policy C(default) lets the login token revoke itself; with C(token_no_default_policy), give
    C(update) on C(auth/token/revoke-self). To replace the secret-id of the AppRole C(NAME), give C(update) on
    C(auth/approle/role/NAME/secret-id), C(auth/approle/role/NAME/secret-id/lookup) and
    C(auth/approle/role/NAME/secret-id/destroy).
  - Of the AppRole's settings, C(token_ttl) has to cover the task, which takes a second if the server answers. If it
    does not, one call takes up to O(timeout) times one more than O(retries), and as much again for the pauses in
    between; requests are 20 calls at a time, the login and its end are a call each, and to replace the secret-id takes
    five. Ten minutes do in practice. C(token_num_uses) has to be 0 or to cover all calls but the login;
    C(secret_id_num_uses) has to be 0 where the secret-id is replaced.
  - A wrapping token ends O(requests[].wrap_ttl) after the request, used or not, however long the login lives. It has to
    cover what happens between this task and the moment the token is unwrapped.
  - What hangs on the login token dies with it, unwrapped or not. This goes for child tokens (C(auth/token/create)
    without C(no_parent)) and for everything that has a lease, such as credentials of the engines C(database), C(aws),
    C(kubernetes) or C(rabbitmq), or certificates of a C(pki) role with C(generate_lease). For these set
    O(revoke_login_token=false) and give the AppRole a C(token_ttl) that covers their use. What is read from C(kv), made
    by C(transit) or issued by C(pki) without a lease stays.
  - Only a response with content can be wrapped. V(DELETE), and a V(POST) or V(PUT) that the server answers with 204,
    such as a write to C(kv) version 1, is carried out and then fails. A deleted version in C(kv) version 2 is wrapped,
    and unwraps to an error 404.
  - A call is sent again only if the server has certainly not carried it out (no connection, HTTP 412, 429, 503) or if
    it does not write (V(GET), V(LIST)). What is answered by 500, 502 or 504 or not at all may have been carried out;
    then the task fails, and a wrapping token that was on its way ends by itself after O(requests[].wrap_ttl).
  - A process that is killed cannot revoke anything. Its login token lives until C(token_ttl), its wrapping tokens until
    O(requests[].wrap_ttl), and a secret-id that was not in O(secret_id_file) yet until the C(secret_id_ttl) of the
    AppRole, though nobody knows its value; all else the next run cleans up.
  - Redirects are not followed. Neither environment variables (C(VAULT_*), C(BAO_*), proxies other than O(proxy), CA
    bundles) nor files such as F(~/.vault-token) and F(~/.netrc) play a part.
options:
  action:
    description:
      - V(wrap) logs in, sends O(requests) and returns wrapping tokens.
      - V(revoke) ends O(tokens) of an earlier call, for what did not come to use them. It needs no login.
    type: str
    choices: [wrap, revoke]
    default: wrap
  tokens:
    description:
      - What an earlier call returned as RV(revocable), for O(action=revoke). Each token revokes itself. One that was
        used or has expired is no error, and is named in RV(used).
      - An entry with C(login) set, the login token that O(revoke_login_token=false) left alive, is ended only if none
        of the others was used, because what came of it may hang on the login; otherwise a warning says that it lives
        on.
      - The text of a token may stand in place of an entry.
    type: list
    elements: raw
    default: []
  vault_addr:
    description:
      - URL of Vault or OpenBao, such as V(https://vault.example.com:8200). It must hold no user, password or query.
      - With V(http) to another machine, tokens and the secret-id can be read on the way; a warning says so.
    type: str
    required: true
  vault_tls_server_name:
    description:
      - The name that the server's certificate is for, if O(vault_addr) has another. It is what is asked for in the TLS
        handshake (SNI) and what is checked.
    type: str
  vault_cacert:
    description:
      - CA certificates in PEM form, the text itself. The server's certificate has to come from one of them.
      - Without it, those of the system are trusted.
    type: str
  vault_namespace:
    description:
      - The namespace that the AppRole and the requests are in.
    type: str
  auth_method:
    description:
      - How to log in. An option that is for another method is refused.
      - V(approle) logs in with O(role_id) and a secret-id, in O(secret_id) or O(secret_id_file).
      - V(cert) shows the certificate in O(client_cert_file) in the TLS handshake, and logs in as O(auth_role).
      - V(jwt) logs in as O(auth_role) with the token in O(jwt_file), which somebody has signed whom the server trusts.
      - V(kubernetes) does so with the token of a service account, about which the server asks Kubernetes.
      - All but V(approle) need a O(vault_addr) with V(https), unless it is this machine.
    type: str
    choices: [approle, cert, jwt, kubernetes]
    default: approle
  auth_mount_point:
    description:
      - Where the method is mounted, with or without V(auth/). By default that is the name of the method.
    type: str
  auth_role:
    description:
      - The role to log in as. Required with every O(auth_method) but V(approle).
    type: str
  client_cert_file:
    description:
      - File with the certificate to log in with, in PEM form, and behind it those between it and its authority.
      - It must belong to root or to the user of this task, and nobody else may be able to write to it or to change the
        way to it.
      - Required with O(auth_method=cert), which needs a O(vault_addr) with V(https).
    type: path
  client_key_file:
    description:
      - File with the private key of the certificate, in PEM form and without a passphrase. It must belong to the user
        of this task, have mode 0600, and be no symbolic link.
      - Required with O(auth_method=cert).
    type: path
  jwt_file:
    description:
      - File with the token to log in with, and nothing else. It is read anew by each task, so whoever replaces it need
        tell nobody.
      - It must belong to the user of this task and have mode 0600, or 0400. As in a projected volume of Kubernetes, it
        may be reached by a symbolic link, if only root and that user can change where that leads.
      - Required with O(auth_method=jwt) and O(auth_method=kubernetes).
    type: path
  approle_mount_point:
    description:
      - Where the AppRole method is mounted, with or without V(auth/); the same as O(auth_mount_point), for
        O(auth_method=approle) alone. By default that is V(auth/approle).
    type: str
  role_name:
    description:
      - Name of the AppRole. Required with O(secret_id_file).
    type: str
  role_id:
    description:
      - The role-id to log in with. Required with O(action=wrap) and O(auth_method=approle).
    type: str
  secret_id:
    description:
      - The secret-id to log in with. Required unless O(secret_id_file) holds one.
      - With O(secret_id_file) it is used if the file is missing or empty or holds a secret-id that is no longer
        accepted, and is then replaced and destroyed.
    type: str
  secret_id_file:
    description:
      - File that holds the current secret-id and nothing else. Its directory must exist, and only root and the user of
        this task may be able to put files there or to change the way to it.
      - The secret-id in it is used in preference to O(secret_id) and is replaced when due. A new one is created with
        the CIDR bindings and metadata of the old one, written to O(secret_id_file).new, proved by a login and put into
        the file; then the old one is destroyed. Wherever that is cut off, a secret-id that works is in the file, and
        the next run ends what was left.
      - It is due at first use, once a tenth of its life has passed, if the file is dated ahead of the clock, and if
        other users can read it. A file that other users can write, or a symbolic link, is refused.
      - Beside it are O(secret_id_file).lock, which makes runs wait for each other, O(secret_id_file).rotation, which
        says how long the secret-id lives, and, while it is being replaced, O(secret_id_file).new and
        O(secret_id_file).old.
      - Give each host a file and a secret-id of its own.
    type: path
  wrapped_secret_id_file:
    description:
      - File with a wrapping token for the first secret-id, and nothing else, so that no secret-id has to be carried to
        the target in clear. It is used where no other secret-id is accepted, and needs O(secret_id_file), which keeps
        the secret-id from then on.
      - The token must wrap a new secret-id of O(role_name). It is looked at first, then unwrapped, and removed once the
        secret-id is in O(secret_id_file). In check mode it is only looked at, and nobody logs in.
      - A token that cannot be unwrapped any more makes the task fail with words that say so. Somebody else may have
        unwrapped it, and then has the secret-id. A run that was cut off is told from that by
        O(wrapped_secret_id_file).begun, which holds a digest of the token that is being unwrapped.
      - It must belong to the user of this task, have mode 0600 and be no symbolic link, and only root and that user may
        be able to put files into its directory.
    type: path
  secret_id_ttl:
    description:
      - How long a secret-id is meant to live, at least V(2m). It is replaced once a tenth of this has passed, or of the
        C(secret_id_ttl) that the AppRole sets, if that is shorter.
      - It is never sent to the server. What really ends a secret-id is the AppRole's own C(secret_id_ttl).
      - If neither sets a limit, it is replaced at first use only.
    type: str
  metadata:
    description:
      - Texts that the server's audit log is to have beside each of O(requests), in C(auth.metadata), such as the commit
        that they are for. At most 1 KiB as JSON. Needs O(role_name).
      - The requests are made by a login of their own then. Its secret-id is made for it, can be used once, and ends
        within two minutes. The AppRole's policy must allow what the replacement of a secret-id needs, and
        C(token_num_uses) has to be 0 or at least 4.
    type: dict
  requests:
    description:
      - The requests whose responses are to be wrapped. If empty, the module logs in, replaces the secret-id if due, and
        that is all.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description:
          - Names the request in messages and, in upper case and with every character other than C(A-Z) and C(0-9)
            turned into C(_), its variable in RV(env). Two names must not give the same variable.
        type: str
        required: true
      path:
        description:
          - Path in the API, beginning with a slash. C(/v1) in front may be left out, a query may follow.
        type: str
        required: true
      method:
        description:
          - The HTTP method.
        type: str
        choices: [GET, POST, LIST, PUT, DELETE]
        default: GET
      options:
        description:
          - What is sent as the JSON body.
        type: dict
      secret_options:
        description:
          - Like O(requests[].options), for what must not be logged. Both are merged, dictionaries in them too; the same
            key must not be in both.
        type: dict
      wrap_ttl:
        description:
          - How long the wrapping token can be used, at least V(60s).
        type: str
        default: 1m
  revoke_login_token:
    description:
      - Whether the login token is revoked once the requests are done. Set it to V(false) only for requests whose
        results hang on it, see the notes; it then lives until the AppRole's C(token_ttl).
      - It is revoked all the same if the task fails and if there was no request.
    type: bool
    default: true
  proxy:
    description:
      - The HTTP proxy that the server is reached through, as V(http://proxy.example.com:3128). For C(https) it is asked
        for a tunnel (C(CONNECT)), and learns no more than host and port of the server.
      - The machine itself (V(localhost), V(127.0.0.1), V([::1])) is never reached through it.
    type: str
  proxy_username:
    description:
      - The user name for HTTP basic authentication at O(proxy). Goes with O(proxy_password).
    type: str
  proxy_password:
    description:
      - The password for O(proxy), which crosses the network to it unencrypted, as HTTP basic authentication does.
    type: str
  timeout:
    description:
      - How long to wait for a connection, be it through a proxy, and how long a call may take from its first byte to
        its last. At most V(1h).
      - A reply may be 1 MiB long.
    type: str
    default: 30s
  retries:
    description:
      - How many times a call is sent again, where the notes say that it is. The pause doubles each time from half a
        second, unless the server asks for another, and is never longer than O(timeout).
    type: int
    default: 3
"""

EXAMPLES = r"""
# The policy of an AppRole named deploy that may do the first example and the last, and no more:
#
#   path "secret/data/database"                    { capabilities = ["read"] }
#   path "pki/issue/web"                           { capabilities = ["update"] }
#   path "auth/approle/role/deploy/secret-id"         { capabilities = ["update"] }
#   path "auth/approle/role/deploy/secret-id/lookup"  { capabilities = ["update"] }
#   path "auth/approle/role/deploy/secret-id/destroy" { capabilities = ["update"] }

- name: Ask for a single-use token per secret
  flant.gitops.vault_wrapped_requests:
    vault_addr: https://vault.example.com:8200
    vault_cacert: "{{ vault_cacert }}"
    role_id: "{{ vault_role_id }}"
    secret_id: "{{ vault_secret_id }}"
    requests:
      - name: database
        path: /secret/data/database
      - name: certificate
        path: /pki/issue/web
        method: POST
        options:
          common_name: web.example.com
        wrap_ttl: 5m
  register: vault
  no_log: true

- name: Hand the tokens to a process, which unwraps VAULT_REQUEST_TOKEN_DATABASE and VAULT_REQUEST_TOKEN_CERTIFICATE
  ansible.builtin.command: /usr/local/bin/deploy
  environment: "{{ vault.env }}"
  changed_when: true
  no_log: true

- name: Show why a task failed that no_log hid
  block:
    - name: Encrypt a value that must not be logged
      flant.gitops.vault_wrapped_requests:
        vault_addr: https://vault.example.com:8200
        vault_cacert: "{{ vault_cacert }}"
        role_id: "{{ vault_role_id }}"
        secret_id: "{{ vault_secret_id }}"
        requests:
          - name: encrypted
            path: /transit/encrypt/deploy
            method: POST
            secret_options:
              plaintext: "{{ card_number | b64encode }}"
      register: vault
      no_log: true
  rescue:
    - name: Repeat the reason
      ansible.builtin.fail:
        msg: "{{ vault.msg }}"

- name: End the tokens of a deployment that did not start
  flant.gitops.vault_wrapped_requests:
    action: revoke
    vault_addr: https://vault.example.com:8200
    vault_cacert: "{{ vault_cacert }}"
    tokens: "{{ vault.revocable }}"
  when: vault.revocable is defined
  no_log: true

- name: Ask for a token that lives on after this task, until the token_ttl of the AppRole
  flant.gitops.vault_wrapped_requests:
    vault_addr: https://vault.example.com:8200
    vault_cacert: "{{ vault_cacert }}"
    role_id: "{{ vault_role_id }}"
    secret_id: "{{ vault_secret_id }}"
    revoke_login_token: false
    requests:
      - name: child
        path: /auth/token/create
        method: POST
        options:
          policies: [reader]
          ttl: 10m
  register: vault
  no_log: true

- name: Log in with the certificate of the machine, for which nothing secret has to be handed out
  flant.gitops.vault_wrapped_requests:
    vault_addr: https://vault.example.com:8200
    vault_cacert: "{{ vault_cacert }}"
    auth_method: cert
    auth_role: web
    client_cert_file: /etc/machine/cert.pem
    client_key_file: /etc/machine/key.pem
    requests:
      - name: database
        path: /secret/data/database
  register: vault
  no_log: true

- name: Log in with the token of a service account, which a pod is given as a projected volume
  flant.gitops.vault_wrapped_requests:
    vault_addr: https://vault.example.com:8200
    vault_cacert: "{{ vault_cacert }}"
    auth_method: kubernetes
    auth_role: deploy
    jwt_file: /var/run/secrets/vault/token
    requests:
      - name: database
        path: /secret/data/database
  register: vault
  no_log: true

- name: Keep the secret-id on the target and replace it every 72 hours; the first one is given once
  flant.gitops.vault_wrapped_requests:
    vault_addr: https://vault.example.com:8200
    vault_cacert: "{{ vault_cacert }}"
    proxy: http://proxy.example.com:3128
    role_name: deploy
    role_id: "{{ vault_role_id }}"
    secret_id: "{{ vault_secret_id | default(omit) }}"
    secret_id_file: /var/lib/deploy/secret-id
    secret_id_ttl: 30d
    requests:
      - name: database
        path: /secret/data/database
  register: vault
  no_log: true
"""

RETURN = r"""
env:
  description:
    - One wrapping token per request, in the environment variable that is made of its name.
    - Empty in check mode.
  returned: success
  type: dict
  sample:
    VAULT_REQUEST_TOKEN_DATABASE: s.eKfFKVqjfLCCT9vYlIgpyhkk
requests:
  description:
    - What may be shown of each wrapping token, in the order of the requests. Empty in check mode.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the request.
      type: str
      sample: database
    env:
      description: The variable in RV(env) that holds the token.
      type: str
      sample: VAULT_REQUEST_TOKEN_DATABASE
    accessor:
      description: The token's accessor, by which an operator can look it up or revoke it.
      type: str
      sample: 5zEIBUSDIxtbQ8MSJFtLBkYQ
    creation_path:
      description: The path of the request as the server names it.
      type: str
      sample: secret/data/database
    ttl:
      description: How many seconds the token can be used.
      type: int
      sample: 60
    expires_at:
      description: When that is over by the target's clock, in UTC and ISO 8601.
      type: str
      sample: "2026-11-27T08:01:00Z"
revocable:
  description:
    - The tokens that live on after this task, for O(tokens) of a later one with O(action=revoke). It holds secrets.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the request.
      type: str
      sample: database
    token:
      description: The token.
      type: str
      sample: s.eKfFKVqjfLCCT9vYlIgpyhkk
    login:
      description: Whether it is the login token, which lives on with O(revoke_login_token=false).
      type: bool
used:
  description: The names of O(tokens) that had been used or had expired before O(action=revoke).
  returned: success
  type: list
  elements: str
  sample: [database]
secret_id_rotated:
  description: Whether the secret-id was replaced.
  returned: success
  type: bool
secret_id_rotate_at:
  description:
    - When the secret-id is to be replaced, in UTC and ISO 8601. In check mode and if it is due, that is now.
    - Null without O(secret_id_file), and if its life is not limited.
  returned: success
  type: str
  sample: "2026-11-27T08:00:00Z"
"""

import json

from ansible_collections.flant.gitops.plugins.module_utils._packed import compile_once

compile_once()

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.flant.gitops.plugins.module_utils._failure import Failure
from ansible_collections.flant.gitops.plugins.module_utils._interruption import interruptible
from ansible_collections.flant.gitops.plugins.module_utils._proxy import hidden_values
from ansible_collections.flant.gitops.plugins.module_utils._vault.request import Request

_REQUEST_SPEC = {
    "name": {"type": "str", "required": True},
    "path": {"type": "str", "required": True},
    "method": {"type": "str", "default": "GET", "choices": ["GET", "POST", "LIST", "PUT", "DELETE"]},
    "options": {"type": "dict"},
    "secret_options": {"type": "dict", "no_log": True},
    "wrap_ttl": {"type": "str", "default": "1m"},
}

ARGUMENT_SPEC = {
    "action": {"type": "str", "default": "wrap", "choices": ["wrap", "revoke"]},
    "tokens": {"type": "list", "elements": "raw", "default": [], "no_log": True},
    "vault_addr": {"type": "str", "required": True},
    "vault_tls_server_name": {"type": "str"},
    "vault_cacert": {"type": "str"},
    "vault_namespace": {"type": "str"},
    "auth_method": {"type": "str", "default": "approle", "choices": ["approle", "cert", "jwt", "kubernetes"]},
    "auth_mount_point": {"type": "str"},
    "auth_role": {"type": "str"},
    "client_cert_file": {"type": "path"},
    "client_key_file": {"type": "path", "no_log": False},
    "jwt_file": {"type": "path"},
    "approle_mount_point": {"type": "str"},
    "role_name": {"type": "str"},
    "role_id": {"type": "str"},
    "secret_id": {"type": "str", "no_log": True},
    "secret_id_file": {"type": "path", "no_log": False},
    "secret_id_ttl": {"type": "str", "no_log": False},
    "wrapped_secret_id_file": {"type": "path", "no_log": False},
    "metadata": {"type": "dict"},
    "requests": {"type": "list", "elements": "dict", "default": [], "options": _REQUEST_SPEC},
    "revoke_login_token": {"type": "bool", "default": True, "no_log": False},
    "proxy": {"type": "str"},
    "proxy_username": {"type": "str"},
    "proxy_password": {"type": "str", "no_log": True},
    "timeout": {"type": "str", "default": "30s"},
    "retries": {"type": "int", "default": 3},
}


def _leave_whole(module: AnsibleModule, result: dict[str, object]) -> None:
    """Keep Ansible from masking a part of a token that happens to be a secret option too, such as a number.

    Nothing in the ``result`` comes from a secret option; only the parameters do, which Ansible adds to it.
    """
    shown = json.dumps(result)
    met = {value for value in module.no_log_values if value in shown}
    if met:
        module.no_log_values -= met
        module.params["secret_id"] = None
        module.params["proxy_password"] = None
        module.params["tokens"] = []
        for request in module.params["requests"]:
            request["secret_options"] = None


def main() -> None:
    """Run the module."""
    from ansible_collections.flant.gitops.plugins.module_utils._vault.run import run

    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    module.no_log_values.update(hidden_values(module.params))
    try:
        with interruptible():
            outcome = run(Request.from_params(module.params, check_mode=module.check_mode))
    except Failure as failure:
        for warning in failure.warnings:
            module.warn(warning)
        module.fail_json(msg=str(failure), **failure.result)
    for warning in outcome.warnings:
        module.warn(warning)
    result = outcome.result()
    _leave_whole(module, result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
