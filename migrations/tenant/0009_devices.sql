CREATE TABLE `devices` (
	`device_id` text PRIMARY KEY NOT NULL,
	`doc` text NOT NULL
);
