//! User stories through the real program, one file each, and what several of them share.

#![expect(clippy::indexing_slicing, reason = "in a test a wrong index is a failure like any other")]

mod a_hardened_image_holds;
mod ci_stops_a_bad_image;
mod data_is_imported_safely;
mod demo_needs_nothing;
mod every_rule_passes_and_fails;
mod evidence_is_accepted_by_validators;
mod fix_plans_hold;
mod hardened;
mod hostile_images_are_contained;
mod malware_is_found_by_clamd;
mod one_client_two_programs;
mod one_image_many_sources;
mod packs_say_what_they_demand;
mod pipelines_ask_the_server;
mod policies_are_safe_to_write;
mod published_policies_decide_as_they_say;
mod versions_compare_in_batches;
