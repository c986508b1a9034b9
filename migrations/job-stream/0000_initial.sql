CREATE TABLE `batches` (
	`first` integer PRIMARY KEY NOT NULL,
	`next` integer NOT NULL,
	`attempt` integer NOT NULL,
	`bytes` integer NOT NULL,
	`at` integer NOT NULL,
	`chunks` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `stream` (
	`id` integer PRIMARY KEY NOT NULL,
	`tenant` text NOT NULL,
	`job_id` integer NOT NULL,
	`attempt` integer NOT NULL,
	`nonce` text NOT NULL,
	`offered_at` integer NOT NULL,
	`base` integer NOT NULL,
	`ended_attempt` integer NOT NULL,
	`end` text,
	`archived_at` integer
);
