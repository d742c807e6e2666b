-- Hibernate, jOOQ, MyBatis and Spring Data on pgJDBC.

select c1_0.id,c1_0.card_number,c1_0.city,c1_0.country,c1_0.created_at,c1_0.email,c1_0.name,c1_0.newsletter,c1_0.phone from customers c1_0 where c1_0.id=$1;

select o1_0.customer_id,o1_0.id,o1_0.note,o1_0.ordered_at,o1_0.status from orders o1_0 where o1_0.customer_id=$1 order by o1_0.ordered_at desc offset $2 rows fetch first $3 rows only;

select distinct c1_0.id,c1_0.name,o1_0.customer_id,o1_0.id from customers c1_0 left join orders o1_0 on c1_0.id=o1_0.customer_id where upper(c1_0.name) like upper('a%') escape '';

select count(c1_0.id) from customers c1_0 where c1_0.country=$1 and c1_0.created_at>=$2;

select nextval ('extra.ticket_numbers');

select e1_0.id,e1_0.name,case when m1_0.id is not null then m1_0.name else 'none' end from hr.employees e1_0 left join hr.employees m1_0 on m1_0.id=e1_0.manager_id where e1_0.department in ('IT','Sales');

insert into customers (city,country,created_at,email,name,newsletter,phone) values ('Graz','AT',now(),'h@example.com','H',false,null) returning id;

insert into extra.tickets (title,number) values ('broken',nextval('extra.ticket_numbers'));

update customers c1_0 set newsletter=false where c1_0.created_at<localtimestamp - interval '3 years';

update hr.employees set department='IT',email='x1@shop.example',hired_on='2020-01-01',manager_id=null,name='x',title='y' where id=17;

delete from payments p1_0 where p1_0.order_id=$1;

select p1_0.id,p1_0.name,p1_0.price from products p1_0 where p1_0.price>(select avg(p2_0.price) from products p2_0 where p2_0.category_id=p1_0.category_id);

select o1_0.id from orders o1_0 where o1_0.id=12 for no key update;

select p1_0.id from products p1_0 where p1_0.id=3 for share of p1_0 nowait;

select "public"."customers"."id", "public"."customers"."name" from "public"."customers" where ("public"."customers"."id" = $1 and "public"."customers"."country" = cast($2 as varchar)) limit $3;

select "c"."id", "c"."name", (select coalesce(jsonb_agg(jsonb_build_array("t"."v0", "t"."v1")), jsonb_build_array()) from (select "o"."id" as "v0", "o"."note" as "v1" from "public"."orders" as "o" where "o"."customer_id" = "c"."id") as "t") as "orders" from "public"."customers" as "c" limit 5;

merge into "public"."products" as "t" using (select 'SKU-00001' as "sku", 5 as "stock") as "s" on "t"."sku" = "s"."sku" when matched then update set "stock" = "s"."stock" when not matched then insert ("sku", "name", "category_id", "price") values ("s"."sku", 'new', 2, 1);

insert into "extra"."accounts" ("id", "name") values (50, 'x') on conflict ("id") do update set "name" = "excluded"."name" returning "extra"."accounts"."id";

select "alias_1"."day", sum("alias_1"."n") over (order by "alias_1"."day" rows between 6 preceding and current row) from (select date_trunc('day', "public"."orders"."ordered_at") as "day", count(*) as "n" from "public"."orders" group by 1) as "alias_1";

select row_number() over (), "v"."c1" from (values (1), (2)) as "v" ("c1");

select count(*) from (select id from orders where status = 'paid' limit 10001) c;

select * from (select row_.*, row_number() over () as rn from (select id, name from customers order by id) row_) t where rn <= 20 and rn > 10;

select tbl.id, tbl.balance from extra.wallets tbl where tbl.feeling = 'ok' and tbl.size is null;

select hibernate.id as id from customers hibernate where hibernate.id between 1 and 5;

SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY;

SHOW TRANSACTION ISOLATION LEVEL;

set extra_float_digits = 3;

set application_name = 'PostgreSQL JDBC Driver';
