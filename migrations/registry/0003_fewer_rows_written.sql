-- Rows written are the bill. A table with a primary key of its own kind writes two rows for each; WITHOUT ROWID writes one. The copies keep
-- their names and columns, so the Worker that runs until the deploy has ended goes on writing to them.
CREATE TABLE `audit_copy` (
	`tenant` text NOT NULL,
	`seq` integer NOT NULL,
	`at` text NOT NULL,
	`actor_kind` text NOT NULL,
	`actor_id` text NOT NULL,
	`actor_name` text NOT NULL,
	`action` text NOT NULL,
	`subject` text NOT NULL,
	`job_id` integer,
	`worker_id` text,
	`capability` text,
	`risk_tier` text,
	`digest` text,
	`summary` text NOT NULL,
	`prev_hash` text NOT NULL,
	`hash` text NOT NULL,
	`mac` text NOT NULL,
	`proof` text,
	PRIMARY KEY(`tenant`, `seq`)
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `audit_copy` (`tenant`, `seq`, `at`, `actor_kind`, `actor_id`, `actor_name`, `action`, `subject`, `job_id`, `worker_id`, `capability`, `risk_tier`, `digest`, `summary`, `prev_hash`, `hash`, `mac`, `proof`)
SELECT `tenant`, `seq`, `at`, `actor_kind`, `actor_id`, `actor_name`, `action`, `subject`, `job_id`, `worker_id`, `capability`, `risk_tier`, `digest`, `summary`, `prev_hash`, `hash`, `mac`, `proof` FROM `audit` ORDER BY `tenant`, `seq`;
--> statement-breakpoint
DROP TABLE `audit`;--> statement-breakpoint
ALTER TABLE `audit_copy` RENAME TO `audit`;--> statement-breakpoint
CREATE INDEX `audit_job` ON `audit` (`tenant`,`job_id`,`seq`) WHERE job_id IS NOT NULL;--> statement-breakpoint
CREATE TABLE `jobs_copy` (
	`tenant` text NOT NULL,
	`id` integer NOT NULL,
	`updated_seq` integer NOT NULL,
	`status` text NOT NULL,
	`effort` text NOT NULL,
	`thread_id` text,
	`capability` text,
	`worker_id` text,
	`size` integer NOT NULL,
	`rest` text NOT NULL,
	`prompt` text NOT NULL,
	`output` text NOT NULL,
	`result` text,
	`created_by` text GENERATED ALWAYS AS (json_extract(rest, '$.created_by')) VIRTUAL,
	PRIMARY KEY(`tenant`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `jobs_copy` (`tenant`, `id`, `updated_seq`, `status`, `effort`, `thread_id`, `capability`, `worker_id`, `size`, `rest`, `prompt`, `output`, `result`)
SELECT `tenant`, `id`, `updated_seq`, `status`, `effort`, `thread_id`, `capability`, `worker_id`, `size`, `rest`, `prompt`, `output`, `result` FROM `jobs` ORDER BY `tenant`, `id`;
--> statement-breakpoint
DROP TABLE `jobs`;--> statement-breakpoint
ALTER TABLE `jobs_copy` RENAME TO `jobs`;--> statement-breakpoint
CREATE INDEX `jobs_thread` ON `jobs` (`tenant`,`thread_id`,`id`) WHERE thread_id IS NOT NULL;--> statement-breakpoint
CREATE INDEX `jobs_failed` ON `jobs` (`tenant`,`status`,`id`) WHERE status = 'failed';
