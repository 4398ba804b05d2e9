"""Asks the simulator with somebody else's client, as it is, and prints what the client understood.

Standard input: {"base_url", "token", "account", "rival", "medium", "story", "reply", "since", "until", "metrics"}.
"""

import json
import sys

from pyfacebook import IgProApi, PyFacebookException

given = json.load(sys.stdin)
api = IgProApi(long_term_token=given["token"], instagram_business_id=given["account"])
api.base_url = given["base_url"] + "/"


def figures(insights):
    return {one.name: [[value.value, value.end_time] for value in one.values or []] for one in insights}


def answered(ask):
    """What was understood, or the code of the refusal."""
    try:
        return ask()
    except PyFacebookException as refusal:
        return {"refused": refusal.code}


def medium(one):
    return {"id": one.id, "type": one.media_type, "time": one.timestamp, "likes": one.like_count,
            "comments": one.comments_count, "children": [child.id for child in (one.children or [])]}


def comment(one):
    return {"id": one.id, "text": one.text, "time": one.timestamp,
            "replies": [reply.id for reply in (one.replies or [])]}


user = api.get_user_info(given["account"])
rival = api.discovery_user(given["rival"])
window = {"since": given["since"], "until": given["until"]}
replies = api.get_replies_info([given["reply"]])
print(json.dumps({
    "user": [user.id, user.username, user.followers_count, user.follows_count, user.media_count],
    "rival": [rival.id, rival.username, rival.followers_count, rival.follows_count, rival.media_count],
    "rival_media": [one.id for one in api.discovery_user_medias(given["rival"], count=None, limit=7)],
    "unknown_rival": answered(lambda: api.discovery_user("nobody.of.this.name")),
    "media": [medium(one) for one in api.get_user_medias(given["account"], count=None, limit=20)],
    "comments": [comment(one) for one in api.get_comments_by_media(given["medium"], count=None)],
    "replies": {key: reply.text for key, reply in replies.items()},
    "medium": figures(api.get_media_insights(given["medium"], ["reach", "likes", "saved"])),
    "story": figures(api.get_media_insights(given["story"], "reach,replies,navigation")),
    "series": figures(api.get_user_insights(given["account"], "day", ["reach", "follower_count"], **window)),
    "online": figures(api.get_user_insights(given["account"], "lifetime", "online_followers", **window)),
    "metrics": {name: answered(lambda: figures(api.get_media_insights(given[of], name)) if of != "account" else
                               figures(api.get_user_insights(given[of], "day", name, **window)))
                for of, name in given["metrics"]},
}))
