-- fill.sql - what the load test's functions find: people and posts to be searched, and :devices devices of as many users.
--
-- Names are family, given name and number, so that a family name is common, a whole name rare; one in twenty posts has a given word.
set client_min_messages = warning;

insert into narae_search.person (user_id, nickname, ranked_at)
select 'u' || i, substr('김이박최정강조윤장임한오서신권황안송류홍', 1 + i % 20, 1) ||
       (array['철수', '영희', '찬성', '민준', '서연', '지우', '하은', '도윤', '예준', '수아', '시우', '지호', '유나'])[1 + i / 20 % 13] || i / 260,
       timestamptz '2026-01-01' + i % 300 * interval '1 day'
from generate_series(1, :people) as i;

insert into narae_search.post (post_id, title, body, ranked_at)
select 'p' || i, (array['강아지 사료 추천', '제주도 맛집 지도', '캠핑 텐트 후기', '중고 자전거 나눔', '서울 날씨 이야기', '노트북 고르는 법',
                        '고양이 병원 추천', '등산 코스 공유', '아이폰 배터리 교체', '원룸 이사 견적', '토익 공부 모임', '수영 강습 시간표',
                        'Running shoes review', 'Guitar chords for beginners', 'Weekend market in Seoul', 'Cheap flights to Jeju',
                        'Python study group', 'Coffee beans exchange', '요가 매트 추천', '피아노 레슨'])[1 + i % 20] || ' #' || i, '',
       timestamptz '2026-01-01' + i % 300 * interval '1 day'
from generate_series(1, :people / 4) as i;

insert into narae_push.device (user_id, kind, platform, registration, registration_hash)
select i::text, 'token', 'android', 'registration-' || i, sha256(convert_to('registration-' || i, 'UTF8'))
from generate_series(1, :devices) as i;

vacuum analyze;
