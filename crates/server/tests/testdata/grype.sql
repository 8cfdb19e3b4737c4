-- A Grype database of schema 6 with one vulnerability: all of lodash below 99.
CREATE TABLE db_metadata (build_timestamp datetime, model integer, revision integer, addition integer);
CREATE TABLE providers (id text PRIMARY KEY, version text, processor text, date_captured datetime, input_digest text);
CREATE TABLE blobs (id integer PRIMARY KEY AUTOINCREMENT, value text);
CREATE TABLE vulnerability_handles (id integer PRIMARY KEY AUTOINCREMENT, name text, status text,
  published_date datetime, modified_date datetime, withdrawn_date datetime, provider_id text, blob_id integer);
CREATE TABLE vulnerability_aliases (name text, alias text, PRIMARY KEY (name, alias));
CREATE TABLE operating_systems (id integer PRIMARY KEY AUTOINCREMENT, name text, release_id text, major_version text,
  minor_version text, label_version text, codename text, channel text, eol_date datetime, eoas_date datetime);
CREATE TABLE operating_system_specifier_overrides (alias text, version text, version_pattern text, codename text,
  channel text, replacement text, replacement_major_version text, replacement_minor_version text,
  replacement_label_version text, replacement_channel text, rolling numeric, applicable_client_db_schemas text);
CREATE TABLE packages (id integer PRIMARY KEY AUTOINCREMENT, ecosystem text, name text);
CREATE TABLE package_specifier_overrides (ecosystem text, replacement_ecosystem text);
CREATE TABLE architecture_aliases (alias text PRIMARY KEY, canonical text);
CREATE TABLE cpes (id integer PRIMARY KEY AUTOINCREMENT, part text, vendor text, product text, edition text,
  language text, software_edition text, target_hardware text, target_software text, other text);
CREATE TABLE package_cpes (cpe_id integer, package_id integer);
CREATE TABLE affected_package_handles (id integer PRIMARY KEY AUTOINCREMENT, vulnerability_id integer,
  operating_system_id integer, package_id integer, blob_id integer);
CREATE TABLE unaffected_package_handles (id integer PRIMARY KEY AUTOINCREMENT, vulnerability_id integer,
  operating_system_id integer, package_id integer, blob_id integer);
CREATE TABLE affected_cpe_handles (id integer PRIMARY KEY AUTOINCREMENT, vulnerability_id integer, cpe_id integer,
  blob_id integer);
CREATE TABLE unaffected_cpe_handles (id integer PRIMARY KEY AUTOINCREMENT, vulnerability_id integer, cpe_id integer,
  blob_id integer);
CREATE TABLE known_exploited_vulnerability_handles (id integer PRIMARY KEY AUTOINCREMENT, cve text, blob_id integer);
CREATE TABLE epss_handles (id integer PRIMARY KEY AUTOINCREMENT, cve text, epss real, percentile real);
CREATE TABLE epss_metadata (date datetime);
CREATE TABLE cwe_handles (id integer PRIMARY KEY AUTOINCREMENT, cve text, cwe text, source text, type text);
INSERT INTO db_metadata VALUES ('2026-03-01 00:00:00+00:00', 6, 1, 9);
INSERT INTO providers VALUES ('github', '1', 'test', '2026-02-28 00:00:00+00:00', '');
INSERT INTO blobs (value) VALUES
 ('{"id":"ghsa-1111-2222-3333","description":"One of our own.","severities":[{"scheme":"CHML","value":"high","rank":1}]}'),
 ('{"ranges":[{"version":{"type":"semver","constraint":"<99"},"fix":{"version":"99","state":"fixed"}}]}');
INSERT INTO vulnerability_handles (name, status, published_date, provider_id, blob_id) VALUES
 ('GHSA-1111-2222-3333', 'active', '2026-02-03 04:05:06+00:00', 'github', 1);
INSERT INTO packages (ecosystem, name) VALUES ('npm', 'lodash');
INSERT INTO affected_package_handles (vulnerability_id, operating_system_id, package_id, blob_id) VALUES (1, NULL, 1, 2);
