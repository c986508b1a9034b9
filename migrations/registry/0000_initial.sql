CREATE TABLE `audit` (
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
	PRIMARY KEY(`tenant`, `seq`)
);
--> statement-breakpoint
CREATE INDEX `audit_actor` ON `audit` (`tenant`,`actor_id`,`seq`);--> statement-breakpoint
CREATE INDEX `audit_action` ON `audit` (`tenant`,`action`,`seq`);--> statement-breakpoint
CREATE INDEX `audit_job` ON `audit` (`tenant`,`job_id`,`seq`) WHERE job_id IS NOT NULL;--> statement-breakpoint
CREATE INDEX `audit_worker` ON `audit` (`tenant`,`worker_id`,`seq`) WHERE worker_id IS NOT NULL;--> statement-breakpoint
CREATE INDEX `audit_capability` ON `audit` (`tenant`,`capability`,`seq`) WHERE capability IS NOT NULL;--> statement-breakpoint
CREATE TABLE `audit_hours` (
	`tenant` text NOT NULL,
	`hour` integer NOT NULL,
	`first_seq` integer NOT NULL,
	`last_seq` integer NOT NULL,
	PRIMARY KEY(`tenant`, `hour`)
);
--> statement-breakpoint
CREATE TABLE `heads` (
	`tenant` text NOT NULL,
	`seq` integer NOT NULL,
	`hash` text NOT NULL,
	`at` text NOT NULL,
	`key_id` text NOT NULL,
	`signature` text NOT NULL,
	PRIMARY KEY(`tenant`, `seq`)
);
--> statement-breakpoint
CREATE TABLE `jobs` (
	`tenant` text NOT NULL,
	`id` integer NOT NULL,
	`updated_seq` integer NOT NULL,
	`status` text NOT NULL,
	`effort` text NOT NULL,
	`thread_id` text,
	`capability` text,
	`worker_id` text,
	`size` integer NOT NULL,
	`prompt` text NOT NULL,
	`output` text NOT NULL,
	`result` text,
	`rest` text NOT NULL,
	PRIMARY KEY(`tenant`, `id`)
);
--> statement-breakpoint
CREATE INDEX `jobs_worker` ON `jobs` (`tenant`,`worker_id`,`id`) WHERE worker_id IS NOT NULL;--> statement-breakpoint
CREATE INDEX `jobs_thread` ON `jobs` (`tenant`,`thread_id`,`id`) WHERE thread_id IS NOT NULL;--> statement-breakpoint
CREATE INDEX `jobs_capability` ON `jobs` (`tenant`,`capability`,`id`) WHERE capability IS NOT NULL;--> statement-breakpoint
CREATE INDEX `jobs_failed` ON `jobs` (`tenant`,`id`) WHERE status = 'failed';--> statement-breakpoint
CREATE TABLE `names` (
	`tenant` text NOT NULL,
	`name` text NOT NULL,
	`id` text NOT NULL,
	PRIMARY KEY(`tenant`, `name`, `id`)
);
--> statement-breakpoint
CREATE TABLE `shipments` (
	`tenant` text PRIMARY KEY NOT NULL,
	`audit_seq` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `tenants` (
	`tenant` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`suspended` integer DEFAULT false NOT NULL,
	`created_at` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `workers` (
	`tenant` text NOT NULL,
	`worker_id` text NOT NULL,
	`updated_seq` integer NOT NULL,
	`revoked` integer NOT NULL,
	`worker` text NOT NULL,
	PRIMARY KEY(`tenant`, `worker_id`)
);
