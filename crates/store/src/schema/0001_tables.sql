-- Times are microseconds since 1970 in UTC. {pk}, {bytes} and {bool} stand for what the two databases spell apart.

-- Who may do what ----------------------------------------------------------------------------------------------------
CREATE TABLE account (
  id {pk}, name TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, email TEXT, state TEXT NOT NULL,
  generation BIGINT NOT NULL DEFAULT 0, settings TEXT NOT NULL DEFAULT '{}',
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);
CREATE TABLE account_user (
  id {pk}, account BIGINT NOT NULL REFERENCES account(id), name TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, idp TEXT,
  version BIGINT NOT NULL DEFAULT 0, password TEXT, password_at BIGINT,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);
CREATE INDEX account_user_account ON account_user (account, name);
CREATE TABLE api_key (
  id {pk}, key_id TEXT NOT NULL UNIQUE, account_user BIGINT NOT NULL REFERENCES account_user(id), name TEXT NOT NULL,
  description TEXT, sha256 {bytes} NOT NULL, state TEXT NOT NULL, expires_at BIGINT NOT NULL, used_at BIGINT,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, UNIQUE (account_user, name));
CREATE TABLE token (
  sha256 {bytes} PRIMARY KEY, account_user BIGINT NOT NULL REFERENCES account_user(id), kind TEXT NOT NULL,
  family TEXT NOT NULL, expires_at BIGINT NOT NULL, used {bool} NOT NULL DEFAULT FALSE);
CREATE INDEX token_family ON token (family);
CREATE INDEX token_expires ON token (expires_at);
CREATE TABLE session (
  sha256 {bytes} PRIMARY KEY, account_user BIGINT NOT NULL REFERENCES account_user(id), seen_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL);
CREATE INDEX session_expires ON session (expires_at);
CREATE TABLE role_member (
  id {pk}, account_user BIGINT NOT NULL REFERENCES account_user(id), role TEXT NOT NULL, domain TEXT NOT NULL,
  granter TEXT NOT NULL, granted_at BIGINT NOT NULL, UNIQUE (account_user, role, domain));
CREATE INDEX role_member_domain ON role_member (domain, role);
CREATE TABLE user_group (
  id {pk}, uuid TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE, description TEXT NOT NULL,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);
CREATE TABLE user_group_role (
  id {pk}, uuid TEXT NOT NULL UNIQUE, user_group BIGINT NOT NULL REFERENCES user_group(id), role TEXT NOT NULL,
  domain TEXT NOT NULL, created_at BIGINT NOT NULL, UNIQUE (user_group, role, domain));
CREATE TABLE user_group_member (
  user_group BIGINT NOT NULL REFERENCES user_group(id), account_user BIGINT NOT NULL REFERENCES account_user(id),
  added_at BIGINT NOT NULL, PRIMARY KEY (user_group, account_user));
CREATE INDEX user_group_member_user ON user_group_member (account_user);
CREATE TABLE idp (
  id {pk}, name TEXT NOT NULL UNIQUE, body TEXT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);
CREATE TABLE secret (
  account BIGINT NOT NULL REFERENCES account(id), holder TEXT NOT NULL, item TEXT NOT NULL, field TEXT NOT NULL,
  key_id TEXT NOT NULL, nonce {bytes} NOT NULL, ciphertext {bytes} NOT NULL,
  PRIMARY KEY (account, holder, item, field));

-- What was analysed --------------------------------------------------------------------------------------------------
CREATE TABLE blob (
  digest TEXT PRIMARY KEY, size BIGINT NOT NULL, bytes {bytes}, touched_at BIGINT NOT NULL);
CREATE INDEX blob_touched ON blob (touched_at);
CREATE TABLE content_set (id {pk}, hash {bytes} NOT NULL UNIQUE, n BIGINT NOT NULL);
CREATE TABLE identity (
  id {pk}, hash {bytes} NOT NULL UNIQUE, kind TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL,
  distro TEXT NOT NULL);
CREATE INDEX identity_by_name ON identity (name, kind, version);
CREATE TABLE identity_name (
  name TEXT NOT NULL, identity BIGINT NOT NULL REFERENCES identity(id), PRIMARY KEY (name, identity));
CREATE TABLE content_set_member (
  content_set BIGINT NOT NULL REFERENCES content_set(id), identity BIGINT NOT NULL REFERENCES identity(id),
  PRIMARY KEY (content_set, identity));
CREATE INDEX content_set_member_identity ON content_set_member (identity, content_set);
CREATE TABLE data_build (
  id {pk}, digest TEXT NOT NULL UNIQUE, state TEXT NOT NULL, built_at TEXT NOT NULL, provider_rows TEXT NOT NULL,
  archive TEXT REFERENCES blob(digest), activated_at BIGINT);
CREATE TABLE identity_match (
  id {pk}, identity BIGINT NOT NULL REFERENCES identity(id), namespace TEXT NOT NULL, vulnerability TEXT NOT NULL,
  severity BIGINT NOT NULL, kev {bool} NOT NULL, fix TEXT NOT NULL, epss DOUBLE PRECISION, cvss DOUBLE PRECISION,
  first_seen BIGINT NOT NULL, gone_at BIGINT, fix_seen BIGINT, UNIQUE (identity, namespace, vulnerability));
CREATE INDEX identity_match_vulnerability ON identity_match (vulnerability, identity) WHERE gone_at IS NULL;
CREATE INDEX identity_match_severity ON identity_match (severity DESC, first_seen, id) WHERE gone_at IS NULL;
CREATE INDEX identity_match_seen ON identity_match (first_seen, id) WHERE gone_at IS NULL;
CREATE TABLE artifact (
  id {pk}, account BIGINT NOT NULL, manifest_digest TEXT NOT NULL, origin TEXT NOT NULL, semantics TEXT NOT NULL,
  content_set BIGINT NOT NULL REFERENCES content_set(id), analysis_blob TEXT NOT NULL REFERENCES blob(digest),
  chain_id TEXT NOT NULL, layers TEXT NOT NULL, distro TEXT NOT NULL, distro_version TEXT NOT NULL,
  architecture TEXT NOT NULL, size BIGINT NOT NULL, gaps BIGINT NOT NULL, created_at BIGINT NOT NULL,
  UNIQUE (manifest_digest, semantics, origin, account));
CREATE INDEX artifact_chain ON artifact (chain_id);
CREATE INDEX artifact_set ON artifact (content_set);
CREATE TABLE image (
  id {pk}, account BIGINT NOT NULL REFERENCES account(id), digest TEXT NOT NULL, parent_digest TEXT NOT NULL,
  image_id TEXT NOT NULL, artifact BIGINT REFERENCES artifact(id), state TEXT NOT NULL, analysis_state TEXT NOT NULL,
  cause TEXT, annotations TEXT NOT NULL, owner TEXT, requester TEXT NOT NULL, imported_by TEXT, dockerfile TEXT,
  manifest TEXT, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, analyzed_at BIGINT, UNIQUE (account, digest));
CREATE INDEX image_image_id ON image (account, image_id);
CREATE INDEX image_analysis ON image (account, analysis_state, id);
CREATE INDEX image_artifact ON image (artifact);
CREATE TABLE image_state (
  id {pk}, image BIGINT NOT NULL REFERENCES image(id), from_state TEXT NOT NULL, to_state TEXT NOT NULL,
  at BIGINT NOT NULL, host TEXT NOT NULL);
CREATE INDEX image_state_image ON image_state (image, id);
CREATE TABLE image_tag (
  id {pk}, account BIGINT NOT NULL REFERENCES account(id), registry TEXT NOT NULL, repository TEXT NOT NULL,
  tag TEXT NOT NULL, image BIGINT NOT NULL REFERENCES image(id), current {bool} NOT NULL, detected_at BIGINT NOT NULL,
  created_at BIGINT NOT NULL, verdict TEXT, stop_n BIGINT NOT NULL DEFAULT 0, warn_n BIGINT NOT NULL DEFAULT 0,
  go_n BIGINT NOT NULL DEFAULT 0, critical_n BIGINT NOT NULL DEFAULT 0, high_n BIGINT NOT NULL DEFAULT 0,
  medium_n BIGINT NOT NULL DEFAULT 0, low_n BIGINT NOT NULL DEFAULT 0, other_n BIGINT NOT NULL DEFAULT 0,
  kev_n BIGINT NOT NULL DEFAULT 0, fixable_n BIGINT NOT NULL DEFAULT 0, running BIGINT NOT NULL DEFAULT 0,
  evaluation BIGINT, evaluated_at BIGINT, UNIQUE (account, registry, repository, tag, image));
CREATE INDEX image_tag_named ON image_tag (account, registry, repository, tag, detected_at DESC);
CREATE INDEX image_tag_image ON image_tag (image);
CREATE INDEX image_tag_verdict ON image_tag (account, verdict, id) WHERE current;
CREATE INDEX image_tag_evaluated ON image_tag (account, evaluated_at DESC, id) WHERE current;
CREATE TABLE import_operation (
  id {pk}, uuid TEXT NOT NULL UNIQUE, account BIGINT NOT NULL REFERENCES account(id), kind TEXT NOT NULL,
  state TEXT NOT NULL, requester TEXT NOT NULL, submitted TEXT, created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL, expires_at BIGINT NOT NULL);
CREATE TABLE import_part (
  operation BIGINT NOT NULL REFERENCES import_operation(id), kind TEXT NOT NULL, digest TEXT NOT NULL,
  media_type TEXT NOT NULL, created_at BIGINT NOT NULL, PRIMARY KEY (operation, kind, digest));
CREATE TABLE source (
  id {pk}, uuid TEXT NOT NULL UNIQUE, account BIGINT NOT NULL REFERENCES account(id), host TEXT NOT NULL,
  repository TEXT NOT NULL, revision TEXT NOT NULL, state TEXT NOT NULL, analysis_state TEXT NOT NULL, cause TEXT,
  content_set BIGINT REFERENCES content_set(id), analysis_blob TEXT REFERENCES blob(digest), sbom_blob TEXT,
  metadata TEXT NOT NULL, requester TEXT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
  UNIQUE (account, host, repository, revision));
CREATE INDEX source_set ON source (content_set);

-- What was decided ---------------------------------------------------------------------------------------------------
CREATE TABLE policy (
  id {pk}, account BIGINT NOT NULL REFERENCES account(id), policy_id TEXT NOT NULL, name TEXT NOT NULL,
  description TEXT NOT NULL, source TEXT NOT NULL, active {bool} NOT NULL, revision TEXT NOT NULL,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, UNIQUE (account, policy_id));
CREATE UNIQUE INDEX policy_active ON policy (account) WHERE active;
CREATE TABLE policy_revision (
  digest TEXT PRIMARY KEY, body TEXT NOT NULL, ext TEXT, created_at BIGINT NOT NULL);
CREATE TABLE policy_history (
  id {pk}, account BIGINT NOT NULL REFERENCES account(id), policy_id TEXT NOT NULL,
  revision TEXT NOT NULL REFERENCES policy_revision(digest), author TEXT NOT NULL, at BIGINT NOT NULL);
CREATE INDEX policy_history_policy ON policy_history (account, policy_id, id);
CREATE TABLE evaluation (
  id {pk}, account BIGINT NOT NULL REFERENCES account(id), subject TEXT NOT NULL, subject_id BIGINT NOT NULL,
  tag TEXT NOT NULL, policy_id TEXT NOT NULL, revision TEXT NOT NULL, cache_key TEXT NOT NULL, build TEXT NOT NULL,
  decision TEXT NOT NULL, final_action TEXT NOT NULL, outcome TEXT NOT NULL, findings BIGINT NOT NULL,
  document TEXT NOT NULL REFERENCES blob(digest), evaluated_at BIGINT NOT NULL, checked_at BIGINT NOT NULL,
  due_at BIGINT);
CREATE INDEX evaluation_subject ON evaluation (account, subject, subject_id, tag, policy_id, id);
CREATE INDEX evaluation_due ON evaluation (due_at) WHERE due_at IS NOT NULL;
CREATE TABLE annotation (
  id {pk}, uuid TEXT NOT NULL UNIQUE, account BIGINT NOT NULL REFERENCES account(id), image BIGINT NOT NULL
  REFERENCES image(id), vulnerability TEXT NOT NULL, package_name TEXT NOT NULL, package_version TEXT NOT NULL,
  package_type TEXT NOT NULL, author TEXT NOT NULL, version BIGINT NOT NULL, body TEXT NOT NULL,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL,
  UNIQUE (image, vulnerability, package_name, package_version, package_type));
CREATE TABLE exception (
  id {pk}, uuid TEXT NOT NULL UNIQUE, account BIGINT NOT NULL REFERENCES account(id), selector TEXT NOT NULL,
  reason TEXT NOT NULL, state TEXT NOT NULL, requester TEXT NOT NULL, approver TEXT, decided_at BIGINT,
  expires_at BIGINT, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);
CREATE INDEX exception_state ON exception (account, state, expires_at);

-- What surrounds it --------------------------------------------------------------------------------------------------
CREATE TABLE registry (
  id {pk}, account BIGINT NOT NULL REFERENCES account(id), pattern TEXT NOT NULL, name TEXT NOT NULL,
  kind TEXT NOT NULL, username TEXT NOT NULL, verify {bool} NOT NULL, created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL, UNIQUE (account, pattern));
CREATE TABLE subscription (
  id {pk}, subscription_id TEXT NOT NULL UNIQUE, account BIGINT NOT NULL REFERENCES account(id), topic TEXT NOT NULL,
  kind TEXT NOT NULL, value TEXT, active {bool} NOT NULL, checked_at BIGINT, created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL, UNIQUE (account, topic, kind));
CREATE INDEX subscription_watched ON subscription (kind, active, checked_at);
CREATE TABLE application (
  id {pk}, uuid TEXT NOT NULL UNIQUE, account BIGINT NOT NULL REFERENCES account(id), name TEXT NOT NULL,
  description TEXT, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, UNIQUE (account, name));
CREATE TABLE application_version (
  id {pk}, uuid TEXT NOT NULL UNIQUE, application BIGINT NOT NULL REFERENCES application(id), name TEXT NOT NULL,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, UNIQUE (application, name));
CREATE TABLE application_artifact (
  id {pk}, uuid TEXT NOT NULL UNIQUE, version BIGINT NOT NULL REFERENCES application_version(id), kind TEXT NOT NULL,
  image BIGINT REFERENCES image(id), source BIGINT REFERENCES source(id), created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL, UNIQUE (version, image), UNIQUE (version, source));
CREATE TABLE document (
  id {pk}, uuid TEXT NOT NULL UNIQUE, account BIGINT NOT NULL REFERENCES account(id), kind TEXT NOT NULL,
  item TEXT NOT NULL, body TEXT NOT NULL, blob TEXT, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL);
CREATE INDEX document_item ON document (account, kind, item, id);
CREATE TABLE inventory (
  id {pk}, account BIGINT NOT NULL REFERENCES account(id), kind TEXT NOT NULL, cluster TEXT NOT NULL,
  context TEXT NOT NULL, resource TEXT NOT NULL, resource_id TEXT NOT NULL, name TEXT NOT NULL, image_tag TEXT,
  image_digest TEXT, current {bool} NOT NULL, body TEXT NOT NULL, seen_at BIGINT NOT NULL, created_at BIGINT NOT NULL,
  UNIQUE (account, kind, cluster, resource, resource_id));
CREATE INDEX inventory_digest ON inventory (account, image_digest);
CREATE INDEX inventory_resource ON inventory (account, kind, resource, id);
CREATE INDEX inventory_seen ON inventory (seen_at);
CREATE TABLE integration (
  id {pk}, uuid TEXT NOT NULL UNIQUE, registration_id TEXT NOT NULL, instance_id TEXT NOT NULL, kind TEXT NOT NULL,
  name TEXT NOT NULL, account BIGINT NOT NULL REFERENCES account(id), body TEXT NOT NULL, health TEXT,
  created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, seen_at BIGINT, UNIQUE (registration_id, kind));
CREATE INDEX integration_account ON integration (account, id);
CREATE TABLE notify_endpoint (
  id {pk}, uuid TEXT NOT NULL UNIQUE, account BIGINT NOT NULL REFERENCES account(id), kind TEXT NOT NULL,
  body TEXT NOT NULL, delivered_at BIGINT, failed_at BIGINT, failure TEXT, created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL);
CREATE INDEX notify_endpoint_account ON notify_endpoint (account, kind, id);
CREATE TABLE notify_selector (
  id {pk}, uuid TEXT NOT NULL UNIQUE, endpoint BIGINT NOT NULL REFERENCES notify_endpoint(id), global {bool} NOT NULL,
  level TEXT NOT NULL, resource_type TEXT NOT NULL, event_type TEXT NOT NULL, created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL);
CREATE INDEX notify_selector_endpoint ON notify_selector (endpoint);

-- What happened, and what is to be done ------------------------------------------------------------------------------
CREATE TABLE outbox (
  id {pk}, uuid TEXT NOT NULL UNIQUE, account BIGINT NOT NULL, account_name TEXT NOT NULL, kind TEXT NOT NULL,
  level TEXT NOT NULL, category TEXT NOT NULL, resource_type TEXT NOT NULL, resource_id TEXT NOT NULL,
  message TEXT NOT NULL, details TEXT NOT NULL, request_id TEXT NOT NULL, host TEXT NOT NULL, at BIGINT NOT NULL,
  seq BIGINT UNIQUE);
CREATE INDEX outbox_account ON outbox (account, at DESC, id DESC);
CREATE INDEX outbox_at ON outbox (at);
CREATE INDEX outbox_new ON outbox (id) WHERE seq IS NULL;
CREATE TABLE delivery (
  outbox BIGINT NOT NULL REFERENCES outbox(id), endpoint BIGINT NOT NULL REFERENCES notify_endpoint(id),
  state TEXT NOT NULL, attempts BIGINT NOT NULL, failure TEXT, at BIGINT NOT NULL, PRIMARY KEY (outbox, endpoint));
CREATE INDEX delivery_endpoint ON delivery (endpoint);
CREATE INDEX delivery_over ON delivery (at) WHERE state <> 'waiting';
CREATE TABLE job (
  id {pk}, kind TEXT NOT NULL, account BIGINT NOT NULL, dedupe_key TEXT NOT NULL, lane TEXT NOT NULL,
  priority BIGINT NOT NULL, run_at BIGINT NOT NULL, state TEXT NOT NULL, holder TEXT, lease_until BIGINT,
  lease_no BIGINT NOT NULL DEFAULT 0, attempts BIGINT NOT NULL DEFAULT 0, max_attempts BIGINT NOT NULL,
  body TEXT NOT NULL, error TEXT, cancel {bool} NOT NULL DEFAULT FALSE, progress TEXT, parent BIGINT,
  created_at BIGINT NOT NULL, finished_at BIGINT);
CREATE UNIQUE INDEX job_dedupe ON job (kind, dedupe_key) WHERE state IN ('ready', 'leased');
CREATE INDEX job_ready ON job (lane, priority, run_at, id) WHERE state = 'ready';
CREATE INDEX job_leased ON job (lease_until) WHERE state = 'leased';
CREATE INDEX job_account ON job (account, state, id);
CREATE TABLE schedule (
  name TEXT PRIMARY KEY, kind TEXT NOT NULL, body TEXT NOT NULL, every BIGINT NOT NULL, next_at BIGINT NOT NULL);
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL, updated_at BIGINT NOT NULL);
CREATE TABLE worker (
  id TEXT PRIMARY KEY, host TEXT NOT NULL, roles TEXT NOT NULL, version TEXT NOT NULL, started_at BIGINT NOT NULL,
  seen_at BIGINT NOT NULL);
CREATE TABLE audit (
  seq {pk}, account TEXT NOT NULL, actor TEXT NOT NULL, method TEXT NOT NULL, target TEXT NOT NULL,
  status BIGINT NOT NULL, at BIGINT NOT NULL, previous {bytes} NOT NULL, hash {bytes} NOT NULL UNIQUE);
