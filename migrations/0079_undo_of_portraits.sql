-- Moderators can undo that they removed a member's portrait or the line about a member. The portrait's file is kept meanwhile.
alter table acts drop constraint acts_act_check;
alter table acts add constraint acts_act_check check (act in ('hide_photo', 'block_picture', 'delete_photo', 'remove_comment',
    'hide_talk', 'delete_hub', 'remove_from_hub', 'remove_avatar', 'remove_about'));

create index acts_kept_avatar on acts ((before->>'avatar')) where act = 'remove_avatar' and before is not null;
